package dev.nacelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
  void anAuditLogMayStayForEverButNotHaveNoSize() {
    options.auditLogBackups = 0;
    options.auditLogAge = 0;
    assertThat(UpLimits.fault(options)).isEmpty();
    options.auditLogSize = 0;
    assertThat(UpLimits.fault(options)).isPresent();
  }
}
