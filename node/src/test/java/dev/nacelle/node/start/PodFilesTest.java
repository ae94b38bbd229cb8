package dev.nacelle.node.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.node.pod.Pods;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PodFilesTest {
  @TempDir private Path directory;

  private PodFiles.Paths write(String spec) throws Exception {
    return new PodFiles(directory, Optional.of("10.128.0.10"), "cluster.local")
        .write(Pods.pod(spec), "10.64.0.2");
  }

  @Test
  void hostsNamesThePodAndItsAliases() throws Exception {
    var paths =
        write(
            """
            hostname: db
            subdomain: set
            hostAliases: [{ip: 192.0.2.9, hostnames: [x, z]}]
            """);
    assertThat(paths.hosts())
        .content()
        .startsWith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n")
        .contains("10.64.0.2\tdb.set.ns.svc.cluster.local\tdb\n")
        .endsWith("\n# Entries added by HostAliases.\n192.0.2.9\tx\tz\n");
    assertThat(paths.hostname()).hasContent("db\n");
  }

  @Test
  void podOfTheHostsNetworkHasTheHostsFileAndAliases() throws Exception {
    assertThat(write("hostNetwork: true\nhostAliases: [{ip: 192.0.2.9, hostnames: [x]}]").hosts())
        .content()
        .startsWith("# Kubernetes-managed hosts file (host network).\n")
        .contains(Files.readString(Path.of("/etc/hosts")))
        .endsWith("192.0.2.9\tx\n");
  }

  @Test
  void clusterFirstAsksTheClusterAlone() throws Exception {
    assertThat(write("{}").resolvConf())
        .content()
        .startsWith("search ns.svc.cluster.local svc.cluster.local cluster.local")
        .contains("\nnameserver 10.128.0.10\noptions ndots:5\n");
  }

  @Test
  void noneTakesWhatThePodSays() throws Exception {
    assertThat(
            write(
                    """
                    dnsPolicy: None
                    dnsConfig:
                      nameservers: [192.0.2.53]
                      searches: [a.example]
                      options: [{name: ndots, value: "2"}, {name: edns0}]
                    """)
                .resolvConf())
        .hasContent("search a.example\nnameserver 192.0.2.53\noptions ndots:2 edns0\n");
  }

  @Test
  void optionOfThePodReplacesTheClusters() throws Exception {
    assertThat(write("dnsConfig: {options: [{name: ndots, value: \"1\"}]}").resolvConf())
        .content()
        .endsWith("options ndots:1\n");
  }

  @Test
  void secondWriteTouchesNothing() throws Exception {
    var paths = write("{}");
    Object before = Files.getAttribute(paths.hosts(), "unix:ctime");
    write("{}");
    assertThat(Files.getAttribute(paths.hosts(), "unix:ctime")).isEqualTo(before);
  }
}
