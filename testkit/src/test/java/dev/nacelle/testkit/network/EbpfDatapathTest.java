package dev.nacelle.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.kernel.netlink.Link;
import dev.nacelle.kernel.netlink.NetlinkBatch;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathCapability;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.DatapathProbe;
import dev.nacelle.network.EbpfDatapath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EbpfDatapathTest extends DatapathContract {
  private static final Path PINS = Path.of("/sys/fs/bpf/nacelle");

  @Override
  protected Datapath open(DatapathConfig config) {
    return EbpfDatapath.open(config);
  }

  @Test
  void anotherBuildsProgramsAreReplacedWhereTheyAreAttached() throws Exception {
    Pod a = server("a", 8080);
    Pod client = pod("client");
    datapath().applyServices(table(both("s", SERVICE, 30080, a)));
    String before = programs(client);
    datapath().close();
    forget(datapath());
    forgetTheBuild();

    opened(config());
    assertThat(EchoClient.tcp(client.host(), SERVICE, 80)).isEqualTo("a " + client.address());
    assertThat(EchoClient.tcp(client.host(), a.address(), 8080)).isEqualTo("a " + client.address());
    assertThat(EchoClient.tcp(outside(), HOST, 30080)).isEqualTo("a " + OUTSIDER);
    String after = programs(client);
    assertThat(after.lines().filter(l -> l.contains("direct-action"))).hasSize(1);
    assertThat(after).isNotEqualTo(before);
  }

  private String programs(Pod pod) throws IOException, InterruptedException {
    Link link =
        stage().netlink().links().stream()
            .filter(l -> l.alias().endsWith("/" + pod.address()))
            .findFirst()
            .orElseThrow();
    return stage().run("tc", "filter", "show", "dev", link.name(), "ingress");
  }

  private void forgetTheBuild() throws IOException {
    try (var markers = Files.newDirectoryStream(PINS.resolve(instance()), "build_*")) {
      for (Path marker : markers) {
        Files.delete(marker);
      }
    }
  }

  @Test
  void aLinkThatACrashLeftWithoutItsLabelIsRemoved() {
    Pod a = pod("a");
    Link link =
        stage().netlink().links().stream()
            .filter(l -> l.alias().endsWith("/" + a.address()))
            .findFirst()
            .orElseThrow();
    stage().netlink().send(new NetlinkBatch().upForwarding(link.index(), ""));
    datapath().close();
    forget(datapath());
    Datapath next = opened(config());
    assertThat(next.endpoints()).isEmpty();
    assertThat(stage().netlink().links()).extracting(Link::name).containsOnly("lo", "uplink0");
  }

  @Test
  void theProbeFindsWhatTheDatapathUses() {
    List<DatapathCapability> lines = DatapathProbe.capabilities();
    assertThat(lines)
        .filteredOn(l -> l.state() != DatapathCapability.State.BEST)
        .extracting(DatapathCapability::feature)
        .containsExactly("Services by SCTP");
  }
}
