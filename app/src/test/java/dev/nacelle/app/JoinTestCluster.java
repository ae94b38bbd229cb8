package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.ApiServerConfig;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.auth.CertificateAuthenticator;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.bootstrap.RbacDefaults;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.apiserver.pipeline.NamespaceLifecycle;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Ipv4Range;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An API server over TLS on loopback with its own authority: believes its client certificates and
 * one bootstrap token, lets everybody do everything, and signs every request for a certificate.
 */
final class JoinTestCluster implements AutoCloseable {
  static final JoinToken TOKEN = new JoinToken("abcdef", "0123456789abcdef");
  static final JoinRanges RANGES =
      new JoinRanges(
          Ipv4Range.parse("10.128.0.0/16"),
          Ipv4Range.parse("10.64.0.0/16"),
          Ipv4.parse("10.128.0.10"),
          "cluster.local");

  final EventLoops loops = EventLoops.start(1);
  final ClusterPki pki;
  final ApiServer server;
  private final RocksStore store;
  private final Thread signer;

  JoinTestCluster(Path directory) throws Exception {
    pki = ClusterPki.open(directory.resolve("pki"), InstantSource.system());
    store = RocksStore.open(directory.resolve("store"), RocksStoreOptions.defaults());
    server = start();
    if (!server.awaitReady(Duration.ofSeconds(60))) {
      throw new IllegalStateException("the server is not ready after a minute");
    }
    signer = Thread.ofVirtual().start(this::sign);
  }

  private ApiServer start() throws IOException {
    var names =
        new SubjectAlternatives(List.of("localhost"), List.of(InetAddress.getByName("127.0.0.1")));
    var config =
        new ApiServerConfig(
            new InetSocketAddress("127.0.0.1", 0),
            Optional.of(
                new ServerTls(
                    pki.serverIdentity("apiserver", names),
                    ServerTls.ClientCertificates.REQUESTED)),
            "192.0.2.1",
            new AllocationPools.Ranges("10.128.0.0/16", 30000, 32767, port -> true),
            ApiServerConfig.DEFAULT_READS,
            ApiServerConfig.DEFAULT_WRITES);
    var certificates = new CertificateAuthenticator(pki.trusted(), InstantSource.system());
    NodeGateway nowhere =
        (exchange, request) -> {
          throw ApiException.unavailable("no nodes in this test");
        };
    return ApiServer.start(
        config,
        new ApiServer.Parts(
            store,
            BuiltInKinds.all(),
            exchange -> {
              Optional<Identity> shown = certificates.authenticate(exchange);
              return shown.isPresent() ? shown : Optional.of(byToken(exchange));
            },
            new AllowAll(),
            NamespaceLifecycle.alone(store),
            Map.of(),
            Optional.empty(),
            nowhere,
            Optional.empty(),
            List.of(),
            loops,
            new Metrics(),
            InstantSource.system(),
            new SecureRandom()));
  }

  private static Identity byToken(HttpExchange exchange) throws InvalidCredentialsException {
    String header = exchange.headers().first("authorization").orElse("");
    if (header.isEmpty()) {
      return Identity.ANONYMOUS;
    }
    if (!header.equals("Bearer " + TOKEN.whole())) {
      throw new InvalidCredentialsException("unknown token");
    }
    return Identity.of(
        "system:bootstrap:" + TOKEN.id(), RbacDefaults.JOINING_HOSTS, Identity.AUTHENTICATED);
  }

  private static final class AllowAll implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      return new Decision.Allow("a test");
    }

    @Override
    public Rules rulesFor(Identity identity, String namespace) {
      return new Rules(List.of(), List.of(), "a test");
    }
  }

  ApiClient client() {
    return server.client(Identity.system("tester"));
  }

  String url() {
    return "https://127.0.0.1:" + server.port();
  }

  JoinInfo publish() {
    return JoinInfo.publish(client(), url(), pki.authorityPem(), RANGES, InstantSource.system());
  }

  /** Makes the Secret of a token. */
  void token(JoinToken token, String signing) {
    JsonObject data =
        JsonObject.builder()
            .put("token-id", base64(token.id()))
            .put("token-secret", base64(token.secret()))
            .put("expiration", base64("2199-01-01T00:00:00Z"))
            .put("usage-bootstrap-authentication", base64("true"))
            .put("usage-bootstrap-signing", base64(signing))
            .build();
    JsonObject secret =
        KubeObject.of(
                new GroupVersionKind("", "v1", "Secret"),
                new ObjectKey("kube-system", "bootstrap-token-" + token.id()))
            .json()
            .with("type", Json.of("bootstrap.kubernetes.io/token"))
            .with("data", data);
    client().create(Resources.SECRETS, new KubeObject(secret), WriteOptions.by("test"));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private void sign() {
    try (ObjectWatch watch =
        client().watch(Resources.CERTIFICATE_SIGNING_REQUESTS, ListOptions.ALL)) {
      while (true) {
        Optional<ObjectWatch.Event> event = watch.next(Duration.ofSeconds(5));
        if (event.isPresent() && event.get().type() == ObjectWatch.EventType.ADDED) {
          sign(event.get().object());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ApiException e) {
      // the server is closing
    }
  }

  private void sign(KubeObject request) {
    try {
      String pem =
          new String(
              Base64.getDecoder().decode(request.spec().string("request").orElse("")),
              StandardCharsets.UTF_8);
      SigningRequest asked = SigningRequest.read(pem);
      boolean serving =
          request.spec().string("signerName").orElse("").equals("kubernetes.io/kubelet-serving");
      CertificateProfile profile =
          serving
              ? CertificateProfile.server(
                  asked.subject(), asked.alternatives(), Instant.now(), Duration.ofDays(9))
              : CertificateProfile.client(asked.subject(), Instant.now(), Duration.ofDays(9));
      String issued = Pem.of(pki.authority().issue(asked.publicKey(), profile));
      client()
          .update(
              Resources.CERTIFICATE_SIGNING_REQUESTS,
              request.withStatus(JsonObject.builder().put("certificate", base64(issued)).build()),
              WriteOptions.by("test").of("status"));
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    signer.interrupt();
    server.close();
    loops.close();
    store.close();
  }
}
