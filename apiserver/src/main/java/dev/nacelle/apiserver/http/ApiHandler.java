package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
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

  private final Authenticator authenticator;
  private final Gate gate;
  private final Impersonation impersonation;
  private final InFlight inFlight;
  private final Deadlines deadlines = new Deadlines();
  private final ResourceHandler resources;
  private final ProxyHandler proxies;
  private final RootHandler roots;
  private final RequestMetrics metrics;
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
      Metrics metrics,
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
      ResourceRegistry registry) {
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
  public void handle(HttpExchange exchange) throws Exception {
    var call = new Call(exchange, auditId(exchange));
    long start = System.nanoTime();
    String path = exchange.path();
    Optional<ResourcePath> resource = ResourcePath.parse(path);
    int code = 200;
    try {
      serve(exchange, call, path, resource);
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
    } finally {
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

  private void serve(HttpExchange exchange, Call call, String path, Optional<ResourcePath> resource)
      throws Exception {
    call.identity(identity(exchange));
    if (resource.isEmpty()) {
      gate.requirePath(call.identity(), exchange.method().toLowerCase(Locale.ROOT), path);
      roots.handle(exchange, call, path);
      return;
    }
    if (isLongRunning(exchange, resource.get())) {
      resources.handle(exchange, call, resource.get());
      return;
    }
    try (var deadline = deadlines.begin(exchange.query().first("timeout"))) {
      try (var place = inFlight.enter(exchange.method(), call.identity())) {
        resources.handle(exchange, call, resource.get());
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

  private Identity identity(HttpExchange exchange) {
    Identity caller;
    try {
      caller = authenticator.authenticate(exchange).orElse(Identity.ANONYMOUS);
    } catch (InvalidCredentialsException e) {
      LOG.debug("refused credentials: {}", e.getMessage());
      throw ApiException.unauthorized();
    }
    return impersonation.resolve(caller, exchange.headers());
  }

  private static boolean isLongRunning(HttpExchange exchange, ResourcePath path) {
    return path.isWatch()
        || exchange.query().flag("watch")
        || switch (path.subresource()) {
          case "log", "exec", "attach", "portforward", "proxy" -> true;
          default -> false;
        };
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
