package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.network.Ipv4;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JoinClusterTest {
  @TempDir Path directory = Path.of("");
  private JoinTestCluster cluster;
  private JoinInfo info;

  @BeforeEach
  void start() throws Exception {
    cluster = new JoinTestCluster(directory.resolve("cluster"));
    cluster.token(JoinTestCluster.TOKEN, "true");
    info = cluster.publish();
  }

  @AfterEach
  void stop() {
    info.close();
    cluster.close();
  }

  private JoinedCluster join(String server, Optional<String> token, String name)
      throws StartException, InterruptedException {
    return JoinCluster.join(
        new JoinCluster.Terms(server, token, name, directory.resolve("host/node/pki")),
        InstantSource.system());
  }

  private Optional<String> token() {
    return Optional.of(JoinTestCluster.TOKEN.whole());
  }

  @Test
  void aHostJoinsWithATokenAndSpeaksAsItsNode() throws Exception {
    try (JoinedCluster joined = join(cluster.url(), token(), "n2")) {
      assertThat(joined.ranges()).isEqualTo(JoinTestCluster.RANGES);
      assertThat(joined.authorities()).containsExactly(cluster.pki.authorityCertificate());
      var own = SubjectName.of(joined.serving(Ipv4.parse("127.0.0.1")).get().chain().getFirst());
      assertThat(own).isEqualTo(SubjectName.of("system:node:n2", "system:nodes"));
      assertThat(joined.client().get(Resources.CONFIG_MAPS, JoinInfo.CLUSTER).name())
          .isEqualTo("nacelle-cluster");
    }
    Path key = directory.resolve("host/node/pki/client.pem");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
  }

  @Test
  void laterStartsNeedNoTokenAndKeepTheCertificates() throws Exception {
    byte[] serving;
    try (JoinedCluster joined = join(cluster.url(), token(), "n2")) {
      serving = joined.serving(Ipv4.parse("127.0.0.1")).get().chain().getFirst().getEncoded();
    }
    byte[] before = Files.readAllBytes(directory.resolve("host/node/pki/client.pem"));
    try (JoinedCluster joined = join(cluster.url(), Optional.empty(), "n2")) {
      assertThat(joined.serving(Ipv4.parse("127.0.0.1")).get().chain().getFirst().getEncoded())
          .isEqualTo(serving);
    }
    assertThat(Files.readAllBytes(directory.resolve("host/node/pki/client.pem"))).isEqualTo(before);
  }

  @Test
  void aWrongSecretIsRefusedBeforeItIsSaid() {
    assertThatThrownBy(() -> join(cluster.url(), Optional.of("abcdef.fedcba9876543210"), "n2"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("not signed with this token");
  }

  @Test
  void anUnknownTokenIsRefused() {
    assertThatThrownBy(() -> join(cluster.url(), Optional.of("fedcba.0123456789abcdef"), "n2"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("it knows no token fedcba");
  }

  @Test
  void aTokenThatIsNoneIsRefused() {
    assertThatThrownBy(() -> join(cluster.url(), Optional.of("secret"), "n2"))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith("cannot use --token");
  }

  @Test
  void withoutTokenOrCertificateNobodyJoins() {
    assertThatThrownBy(() -> join(cluster.url(), Optional.empty(), "n2"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("nacelle token create");
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws IOException {
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    assertThatThrownBy(() -> join("https://127.0.0.1:" + port, token(), "n2"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("cannot reach https://127.0.0.1:" + port);
  }

  @Test
  void aNameThatAnotherHostHasIsRefused() {
    cluster
        .client()
        .create(
            Resources.NODES,
            KubeObject.of(new GroupVersionKind("", "v1", "Node"), ObjectKey.cluster("n2")),
            WriteOptions.by("test"));
    assertThatThrownBy(() -> join(cluster.url(), token(), "n2"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("another host has this name");
  }

  @Test
  void anotherClusterAtTheSameUrlIsNoticed() throws Exception {
    join(cluster.url(), token(), "n2").close();
    try (var other = new JoinTestCluster(directory.resolve("other"))) {
      assertThatThrownBy(() -> join(other.url(), Optional.empty(), "n2"))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("not of the authority that this host trusts");
    }
  }

  @Test
  void anotherNameOnTheSameDataIsRefused() throws Exception {
    join(cluster.url(), token(), "n2").close();
    assertThatThrownBy(() -> join(cluster.url(), Optional.empty(), "n3"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("has joined as n2");
  }

  @Test
  void onlyTokensThatMaySignDoSo() {
    cluster.token(new JoinToken("silent", "0123456789abcdef"), "false");
    cluster.token(new JoinToken("second", "0123456789abcdef"), "true");
    info.refresh();
    assertThat(
            cluster
                .client()
                .get(Resources.CONFIG_MAPS, JoinInfo.CLUSTER_INFO)
                .json()
                .strings("data"))
        .containsOnlyKeys("kubeconfig", "jws-kubeconfig-abcdef", "jws-kubeconfig-second");
  }
}
