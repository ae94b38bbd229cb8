package dev.nacelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UpLimitsTest {
  private final UpOptions options = new UpOptions();

  @Test
  void whatIsGivenByDefaultIsWithinTheLimits() {
    assertThat(UpLimits.fault(options)).isEmpty();
  }

  @Test
  void aPortThatNoSocketHasIsAFault() {
    options.port = 99_999;
    assertThat(UpLimits.fault(options)).contains("cannot use --port=99999: want 1 to 65535");
    options.port = 0;
    assertThat(UpLimits.fault(options)).isPresent();
  }

  @Test
  void aHostWithoutRoomForAPodIsAFault() {
    options.maxPods = -1;
    assertThat(UpLimits.fault(options)).contains("cannot use --max-pods=-1: want 1 or more");
  }

  @Test
  void aRangeOfNodePortsHasTwoEndsInOrder() {
    for (String range : new String[] {"a-b", "30000", "32767-30000", "0-10", "30000-70000"}) {
      options.nodePorts = range;
      assertThat(UpLimits.fault(options)).as(range).isPresent();
    }
    options.nodePorts = "31000-31000";
    assertThat(UpLimits.fault(options)).isEmpty();
  }

  @Test
  void theRegistrysQuotasAreSizes() {
    for (String size : new String[] {"-1", "0", "many", ""}) {
      options.registryQuota = Optional.of(size);
      assertThat(UpLimits.fault(options)).as(size).isPresent();
    }
    options.registryQuota = Optional.of("50Gi");
    options.registryNamespaceQuota = Optional.of("10G");
    assertThat(UpLimits.fault(options)).isEmpty();
    options.registryNamespaceQuota = Optional.of("x");
    assertThat(UpLimits.fault(options).orElseThrow())
        .startsWith("cannot use --registry-namespace-quota=x: want bytes");
  }

  @Test
  void theRegistryKeepsOrCollectsWhatHasNoTag() {
    options.registryUntagged = "collect";
    assertThat(UpLimits.fault(options)).isEmpty();
    options.registryUntagged = "drop";
    assertThat(UpLimits.fault(options))
        .contains("cannot use --registry-untagged=drop: want keep or collect");
  }

  @Test
  void aCacheHasAPrefixOfNamesAndAUrl() {
    options.registryProxies =
        Map.of("hub", "https://r.example.com", "a/b", "http://127.0.0.1:5000/below/");
    assertThat(UpLimits.fault(options)).isEmpty();
    for (Map<String, String> wrong :
        List.of(
            Map.of("Hub", "https://r.example.com"),
            Map.of("hub/", "https://r.example.com"),
            Map.of("hub", "r.example.com"),
            Map.of("hub", "ftp://r.example.com"),
            Map.of("hub", "https://r.example.com?x"))) {
      options.registryProxies = wrong;
      assertThat(UpLimits.fault(options)).as(wrong.toString()).isPresent();
    }
  }

  @Test
  void anAuditLogMayStayForEverButNotHaveNoSize() {
    options.auditLogBackups = 0;
    options.auditLogAge = 0;
    assertThat(UpLimits.fault(options)).isEmpty();
    options.auditLogSize = 0;
    assertThat(UpLimits.fault(options)).isPresent();
  }
}
