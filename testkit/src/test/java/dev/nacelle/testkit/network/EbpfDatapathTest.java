package dev.nacelle.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.kernel.netlink.Link;
import dev.nacelle.kernel.netlink.NetlinkBatch;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathCapability;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.DatapathProbe;
import dev.nacelle.network.EbpfDatapath;
import dev.nacelle.network.EndpointSpec;
import dev.nacelle.network.Ipv4;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
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
    stage().netlink().send(new NetlinkBatch().upForwarding(link.index(), "", 1));
    datapath().close();
    forget(datapath());
    Datapath next = opened(config());
    assertThat(next.endpoints()).isEmpty();
    assertThat(stage().netlink().links()).extracting(Link::name).containsOnly("lo", "uplink0");
  }

  @Test
  void aPlatformKilledWhileItConnectsPodsIsAdoptedWhole() throws Exception {
    datapath().close();
    forget(datapath());
    List<TestHost> namespaces = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      namespaces.add(host());
    }
    Random random = new Random(11);
    for (int round = 0; round < 4; round++) {
      killAfter(random.nextInt(40), namespaces);
      Datapath next = opened(config());
      List<Ipv4> held = new ArrayList<>();
      for (int i = 0; i < namespaces.size(); i++) {
        Path namespace = namespaces.get(i).namespace().path();
        held.add(next.attach(EndpointSpec.of("pod-" + i, namespace)).address());
      }
      assertThat(held).as("round %d of seed 11", round).doesNotHaveDuplicates();
      assertThat(EchoClient.tcp(namespaces.getFirst(), held.get(5), 8080))
          .isEqualTo("failed: Connection refused");
      assertThat(namespaces.get(5).pings(held.getFirst())).isTrue();
      next.retain(Set.of());
      assertThat(stage().netlink().links()).extracting(Link::name).containsOnly("lo", "uplink0");
      next.close();
      forget(next);
    }
    opened(config());
  }

  private void killAfter(int attachments, List<TestHost> namespaces) throws Exception {
    String descriptors = "/proc/" + ProcessHandle.current().pid() + "/fd/";
    DatapathConfig config = config();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                AttachingProcess.class.getName(),
                config.instance(),
                config.stateDirectory().toString(),
                config.clusterCidr().toString(),
                config.serviceCidr().toString(),
                config.podCidr().toString(),
                config.nodeAddress().toString(),
                descriptors + stage().namespace().descriptor()));
    namespaces.forEach(n -> command.add(descriptors + n.namespace().descriptor()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader out = process.inputReader()) {
      for (int i = 0; i <= attachments; i++) {
        assertThat(out.readLine()).startsWith("10.164.");
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
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
