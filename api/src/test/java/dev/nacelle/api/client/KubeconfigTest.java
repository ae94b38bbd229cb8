package dev.nacelle.api.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SubjectName;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigTest {
  private static final String TEXT =
      """
      apiVersion: v1
      kind: Config
      current-context: two
      contexts:
      - {name: one, context: {cluster: other, user: other}}
      - {name: two, context: {cluster: c, user: u}}
      clusters:
      - name: other
        cluster: {server: "https://other:6443"}
      - name: c
        cluster: {server: "https://192.0.2.1:6443", %s}
      users:
      - name: u
        user: {%s}
      """;

  @TempDir Path directory = Path.of("");
  private final CertificateAuthority authority =
      CertificateAuthority.create("ca", Instant.now(), Duration.ofDays(1));
  private final TlsIdentity identity = identity();

  private TlsIdentity identity() {
    var keys = KeyPairs.generateP256();
    var profile =
        CertificateProfile.client(SubjectName.of("u"), Instant.now(), Duration.ofHours(1));
    return new TlsIdentity(keys.getPrivate(), List.of(authority.issue(keys.getPublic(), profile)));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private Kubeconfig parse(String cluster, String user) throws IOException {
    return Kubeconfig.parse(Bytes.utf8(TEXT.formatted(cluster, user)), "test");
  }

  @Test
  void theCurrentContextIsRead() throws IOException {
    Kubeconfig read =
        parse(
            "certificate-authority-data: " + base64(Pem.of(authority.certificate())),
            "client-certificate-data: %s, client-key-data: %s"
                .formatted(base64(Pem.of(identity.chain())), base64(Pem.of(identity.key()))));
    assertThat(read.server()).isEqualTo(URI.create("https://192.0.2.1:6443"));
    assertThat(read.authorities()).containsExactly(authority.certificate());
    assertThat(read.identity()).contains(identity);
    assertThat(read.token()).isEmpty();
  }

  @Test
  void filesAreLookedForBesideIt() throws IOException {
    Files.writeString(directory.resolve("ca.crt"), Pem.of(authority.certificate()));
    Files.writeString(directory.resolve("token"), "secret\n");
    Path file = directory.resolve("config");
    Files.writeString(file, TEXT.formatted("certificate-authority: ca.crt", "tokenFile: token"));
    Kubeconfig read = Kubeconfig.read(file);
    assertThat(read.authorities()).containsExactly(authority.certificate());
    assertThat(read.token()).contains("secret");
  }

  @Test
  void aLoneClusterNeedsNoContext() throws IOException {
    Kubeconfig read =
        Kubeconfig.parse(
            Bytes.utf8(
                "clusters: [{name: '', cluster: {server: 'https://a:1'}}]\ncurrent-context: ''"),
            "test");
    assertThat(read.server()).isEqualTo(URI.create("https://a:1"));
    assertThat(read.identity()).isEmpty();
  }

  @Test
  void whatIsNotSupportedIsSaid() {
    assertThatThrownBy(() -> parse("insecure-skip-tls-verify: true", "token: t"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("insecure-skip-tls-verify");
    assertThatThrownBy(() -> parse("x: y", "exec: {command: login}"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("plug-ins");
    assertThatThrownBy(() -> parse("x: y", "client-key-data: " + base64("k")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not both");
  }

  @Test
  void whatIsNoKubeconfigIsRefused() {
    assertThatThrownBy(() -> Kubeconfig.parse(Bytes.utf8("- a"), "test"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot use the kubeconfig test");
    assertThatThrownBy(() -> Kubeconfig.parse(Bytes.utf8("current-context: a"), "test"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no context \"a\"");
  }
}
