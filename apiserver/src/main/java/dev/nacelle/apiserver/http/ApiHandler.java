package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.audit.Audit;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.apiserver.pipeline.ContinueExpiredException;
import dev.nacelle.apiserver.pipeline.Gate;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.proxy.ProxyTargets;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpHandler;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.store.StoreException;
import java.io.InterruptedIOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every request: who asks, as whom, may the server take it on now, what is asked. Whatever
 * goes wrong becomes a Status.
 */
public final class ApiHandler implements HttpHandler, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ApiHandler.class);

  /** Of whom nothing is known: as which audit judges requests with bad credentials. */
  private static final Identity NOBODY = Identity.of("");

  private final Authenticator authenticator;
  private final Gate gate;
  private final Impersonation impersonation;
  private final InFlight inFlight;
  private final Deadlines deadlines = new Deadlines();
  private final ResourceHandler resources;
  private final ProxyHandler proxies;
  private final RootHandler roots;
  private final RequestMetrics metrics;
  private final Optional<Audit> audit;
  private final ResourceRegistry registry;

  /** What an API over HTTP is made of. */
  public record Parts(
      RequestPipeline pipeline,
      ResourceRegistry registry,
      Authenticator authenticator,
      NodeGateway gateway,
      ProxyTargets proxyTargets,
      List<HealthCheck> health,
      JsonObject version,
      Optional<TokenIssuer> issuer,
      Metrics metrics,
      Optional<Audit> audit,
      InstantSource clock,
      int mostReads,
      int mostWrites) {}

  public static ApiHandler of(Parts parts) {
    var requestMetrics = new RequestMetrics(parts.metrics());
    var roots =
        new RootHandler(
            new Discovery(parts.registry()),
            new OpenApi(
                parts.registry(), parts.version().string("gitVersion").orElse("unversioned")),
            new Health(parts.health()),
            parts.version(),
            parts.issuer(),
            parts.metrics());
    var connections = new ConnectHandler(parts.pipeline(), parts.gateway());
    var proxies = new ProxyHandler(parts.pipeline(), parts.proxyTargets(), parts.gateway());
    return new ApiHandler(
        parts.authenticator(),
        parts.pipeline().gate(),
        new InFlight(parts.mostReads(), parts.mostWrites()),
        new ResourceHandler(
            parts.pipeline(), parts.registry(), connections, proxies, parts.clock()),
        proxies,
        roots,
        requestMetrics,
        parts.audit(),
        parts.registry());
  }

  private ApiHandler(
      Authenticator authenticator,
      Gate gate,
      InFlight inFlight,
      ResourceHandler resources,
      ProxyHandler proxies,
      RootHandler roots,
      RequestMetrics metrics,
      Optional<Audit> audit,
      ResourceRegistry registry) {
    this.audit = audit;
    this.registry = registry;
    this.authenticator = authenticator;
    this.gate = gate;
    this.impersonation = new Impersonation(gate);
    this.inFlight = inFlight;
    this.resources = resources;
    this.proxies = proxies;
    this.roots = roots;
    this.metrics = metrics;
  }

  @Override
  public void handle(HttpExchange plain) throws Exception {
    var call = new Call(plain, auditId(plain));
    HttpExchange exchange = audit.isPresent() ? new AuditedExchange(plain, call) : plain;
    long start = System.nanoTime();
    String path = exchange.path();
    RequestLine line = RequestLine.of(exchange);
    Optional<ResourcePath> resource = line.resource();
    int code = 200;
    try {
      serve(exchange, call, line);
    } catch (ApiException e) {
      code = e.code();
      Replies.failure(exchange, call, e);
    } catch (ContinueExpiredException e) {
      code = 410;
      Replies.failure(exchange, call, e);
    } catch (StoreException e) {
      code = 503;
      LOG.warn("{} {}: the store failed: {}", exchange.method(), path, e.getMessage());
      answer(
          exchange, call, ApiException.unavailable("the store cannot answer: " + e.getMessage()));
    } catch (InterruptedException e) {
      code = 503;
      answer(exchange, call, ApiException.unavailable("the server is shutting down"));
    } catch (RequestTimedOutException e) {
      code = 504;
      answer(
          exchange,
          call,
          ApiException.timeout("request did not complete within the allotted timeout"));
    } catch (java.io.IOException e) {
      code = 499;
      LOG.debug("{} {}: the client left: {}", exchange.method(), path, e.getMessage());
    } catch (RuntimeException | StackOverflowError e) {
      code = 500;
      LOG.error("{} {} failed", exchange.method(), path, e);
      answer(exchange, call, ApiException.internal(String.valueOf(e.getMessage())));
      call.audit().broke(e);
    } finally {
      call.audit().complete();
      boolean known =
          resource.filter(r -> registry.find(r.group(), r.resource()).isPresent()).isPresent();
      metrics.record(exchange, resource, known, code, System.nanoTime() - start);
    }
  }

  private static void answer(HttpExchange exchange, Call call, ApiException failure) {
    try {
      Replies.failure(exchange, call, failure);
    } catch (IllegalStateException e) {
      // it was answered before it failed: returning ends the stream
      LOG.debug("a failed request had been answered already");
    }
  }

  private void serve(HttpExchange exchange, Call call, RequestLine line) throws Exception {
    Identity caller = identity(exchange, call, line);
    audit.ifPresent(a -> call.audit(a.begin(line.audit(call.auditId(), caller))));
    Identity identity = impersonation.resolve(caller, exchange.headers());
    if (identity != caller) {
      call.audit().impersonated(identity);
    }
    call.identity(identity);
    if (line.resource().isEmpty()) {
      gate.requirePath(call.context(), exchange.method().toLowerCase(Locale.ROOT), exchange.path());
      roots.handle(exchange, call, exchange.path());
      return;
    }
    ResourcePath resource = line.resource().get();
    if (line.isLongRunning()) {
      resources.handle(exchange, call, resource);
      return;
    }
    try (var deadline = deadlines.begin(exchange.query().first("timeout"))) {
      try (var place = inFlight.enter(exchange.method(), call.identity())) {
        resources.handle(exchange, call, resource);
      } catch (InterruptedException | InterruptedIOException e) {
        if (deadline.isPassed()) {
          throw new RequestTimedOutException();
        }
        throw e;
      }
    }
  }

  /** The request took longer than it may. */
  private static final class RequestTimedOutException extends Exception {
    private static final long serialVersionUID = 1L;

    RequestTimedOutException() {
      super("the request took too long", null, false, false);
    }
  }

  /** Requests under way go on, without their deadlines. */
  @Override
  public void close() {
    deadlines.close();
    proxies.close();
  }

  private Identity identity(HttpExchange exchange, Call call, RequestLine line) {
    try {
      return authenticator.authenticate(exchange).orElse(Identity.ANONYMOUS);
    } catch (InvalidCredentialsException e) {
      LOG.debug("refused credentials: {}", e.getMessage());
      audit.ifPresent(a -> call.audit(a.begin(line.audit(call.auditId(), NOBODY))));
      throw ApiException.unauthorized();
    }
  }

  private static String auditId(HttpExchange exchange) {
    return exchange
        .headers()
        .first("audit-id")
        .filter(id -> !id.isEmpty() && id.length() <= 64)
        .orElseGet(
            () -> {
              var random = ThreadLocalRandom.current();
              return new UUID(random.nextLong(), random.nextLong()).toString();
            });
  }
}
