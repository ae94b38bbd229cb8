package dev.nacelle.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.image.Credential;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageReference;
import java.net.URI;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a host reaches the registry of its cluster. */
class ClusterRegistryTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final String NAME = "127.0.0.1:1";
  private static final ImageReference IMAGE = ImageReference.parse(NAME + "/team/app:v1");

  private final Instant now = Instant.now();
  private final CertificateAuthority authority =
      CertificateAuthority.create("cluster", now, Duration.ofDays(10));
  private final EventLoops loops = EventLoops.start(1);
  private final List<String> visitors = new CopyOnWriteArrayList<>();
  private volatile Optional<ClusterRegistry> known = Optional.empty();
  private HttpServer server;
  private RegistryClient client;

  @BeforeEach
  void start() throws Exception {
    KeyPair keys = KeyPairs.generateP256();
    var names = new SubjectAlternatives(List.of("localhost"), List.of());
    var identity =
        new TlsIdentity(
            keys.getPrivate(),
            List.of(
                authority.issue(
                    keys.getPublic(),
                    CertificateProfile.server(SubjectName.of("registry"), names, now, DAY))));
    server =
        HttpServer.builder(loops, this::handle)
            .tls(new ServerTls(() -> identity, ServerTls.ClientCertificates.REQUESTED))
            .start();
    client = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE, () -> known);
  }

  private void handle(HttpExchange exchange) {
    visitors.add(
        exchange.headers().first("authorization").orElse("")
            + exchange.peerCertificates().stream()
                .findFirst()
                .map(shown -> SubjectName.of(shown).commonName())
                .orElse(""));
    exchange.respond(200, Headers.contentType(MediaTypes.OCI_MANIFEST), Bytes.utf8("{}"));
  }

  private TlsIdentity person(String name) {
    KeyPair keys = KeyPairs.generateP256();
    return new TlsIdentity(
        keys.getPrivate(),
        List.of(
            authority.issue(
                keys.getPublic(), CertificateProfile.client(SubjectName.of(name), now, DAY))));
  }

  private void tell() {
    TlsIdentity puller = person("puller");
    TlsIdentity pusher = person("pusher");
    known =
        Optional.of(
            new ClusterRegistry(
                URI.create("https://localhost:" + server.port()),
                Set.of(NAME),
                List.of(authority.certificate()),
                () -> puller,
                () -> pusher));
  }

  @AfterEach
  void end() {
    client.close();
    server.close();
    loops.close();
  }

  @Test
  void imagesThatAreNamedAfterItArePulledFromWhereItIsAsTheNode() throws Exception {
    tell();
    client.repository(IMAGE, Optional.empty()).fetch("v1");
    assertThat(visitors).containsExactly("puller");
  }

  @Test
  void thePodsSecretIsShownInPlaceOfTheNodesCertificate() throws Exception {
    tell();
    client.repository(IMAGE, Optional.of(new Credential.RegistryToken("secret"))).fetch("v1");
    assertThat(visitors).containsExactly("Bearer secret");
  }

  @Test
  void aRepositoryThatWasOpenedBeforeFindsItToo() throws Exception {
    Repository repository = client.repository(IMAGE, Optional.empty());
    tell();
    repository.fetch("v1");
    assertThat(visitors).containsExactly("puller");
  }

  @Test
  void otherRegistriesAreNotShownTheCertificate() {
    tell();
    Repository other =
        client.repository(
            ImageReference.parse("localhost:" + server.port() + "/team/app:v1"), Optional.empty());
    assertThatThrownBy(() -> other.fetch("v1")).isInstanceOf(ImageException.class);
    assertThat(visitors).isEmpty();
  }

  @Test
  void whatTheSettingsSayOfItsNameCountsMore() {
    tell();
    var settings = new RegistrySettings(Map.of(NAME, RegistrySettings.Registry.DEFAULT));
    try (var told = new RegistryClient(settings, ProxySettings.NONE, () -> known)) {
      Repository repository = told.repository(IMAGE, Optional.empty());
      assertThatThrownBy(() -> repository.fetch("v1")).isInstanceOf(ImageException.class);
    }
    assertThat(visitors).isEmpty();
  }
}
