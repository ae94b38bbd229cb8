package dev.nacelle.app;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpLimits;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.pki.KeyUse;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.base.pki.TrustedAuthorities;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's endpoint for the API server alone: HTTPS on a port of its own, where only the API
 * server's client certificate is let in. Refusals are {@code Status} objects. The port is known
 * before the node is: until {@link #serve} all requests are answered with 503.
 */
final class NodeServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeServer.class);
  private static final HttpLimits LIMITS =
      new HttpLimits(1_024, 64 << 10, 100, Duration.ofMinutes(3));
  private static final Duration GRACE = Duration.ofSeconds(1);

  /** The user that an API server is to a node. */
  static final String API_SERVER = "kube-apiserver-kubelet-client";

  static final String MASTERS = "system:masters";

  /** What answers; {@code NodeEndpoint::handle}. */
  @FunctionalInterface
  interface Endpoint {
    void handle(HttpExchange exchange, String path, QueryParameters query) throws Exception;
  }

  private final TrustedAuthorities authorities;
  private final InstantSource clock;
  private final HttpServer server;
  private volatile Optional<Endpoint> endpoint = Optional.empty();

  private NodeServer(
      EventLoops loops,
      String address,
      Supplier<TlsIdentity> identity,
      TrustedAuthorities authorities,
      InstantSource clock)
      throws IOException {
    this.authorities = authorities;
    this.clock = clock;
    this.server =
        HttpServer.builder(loops, this::handle)
            .bind(new InetSocketAddress(address, 0))
            .tls(new ServerTls(identity, ServerTls.ClientCertificates.REQUESTED))
            .limits(LIMITS)
            .start();
  }

  /**
   * Listens on any free port of an address.
   *
   * @param authorities who may have signed the API server's client certificate
   */
  static NodeServer start(
      EventLoops loops,
      String address,
      Supplier<TlsIdentity> identity,
      List<X509Certificate> authorities,
      InstantSource clock)
      throws IOException {
    return new NodeServer(loops, address, identity, new TrustedAuthorities(authorities), clock);
  }

  /** For {@code status.daemonEndpoints.kubeletEndpoint.Port}. */
  int port() {
    return server.port();
  }

  /** From now on requests are answered by this. */
  void serve(Endpoint ready) {
    endpoint = Optional.of(ready);
  }

  @Override
  public void close() {
    server.close(GRACE);
  }

  private void handle(HttpExchange exchange) throws Exception {
    try {
      Verdict verdict = exchange.perConnection(Verdict.class, () -> judge(exchange));
      if (verdict.refusal().isPresent()) {
        throw verdict.refusal().get();
      }
      endpoint
          .orElseThrow(() -> ApiException.unavailable("the node is starting"))
          .handle(exchange, exchange.path(), exchange.query());
    } catch (ApiException e) {
      exchange.respond(
          e.code(), Headers.contentType("application/json"), JsonWriter.write(e.status().toJson()));
    }
  }

  /** Whether a connection's client is let in. */
  private record Verdict(Optional<ApiException> refusal) {}

  private Verdict judge(HttpExchange exchange) {
    List<X509Certificate> chain = exchange.peerCertificates();
    if (chain.isEmpty()) {
      return new Verdict(Optional.of(ApiException.unauthorized()));
    }
    try {
      authorities.verify(chain, KeyUse.CLIENT_AUTH, clock.instant());
    } catch (CertificateException e) {
      LOG.warn("{} was refused: {}", exchange.remoteAddress(), e.getMessage());
      return new Verdict(Optional.of(ApiException.unauthorized()));
    }
    SubjectName subject = SubjectName.of(chain.getFirst());
    if (subject.organizations().contains(MASTERS) || subject.commonName().equals(API_SERVER)) {
      return new Verdict(Optional.empty());
    }
    return new Verdict(
        Optional.of(
            new ApiException(
                new Status(
                    403,
                    "Forbidden",
                    "Forbidden (user=" + subject.commonName() + ")",
                    Status.Details.NONE))));
  }
}
