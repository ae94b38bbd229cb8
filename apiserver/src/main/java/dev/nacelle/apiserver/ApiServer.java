package dev.nacelle.apiserver;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.audit.Audit;
import dev.nacelle.apiserver.auth.token.ServiceAccountTokens;
import dev.nacelle.apiserver.client.InProcessApiClient;
import dev.nacelle.apiserver.extension.Responder;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.apiserver.http.ApiHandler;
import dev.nacelle.apiserver.http.HealthCheck;
import dev.nacelle.apiserver.http.TokenIssuer;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.apiserver.pipeline.Gate;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.pipeline.ServerParts;
import dev.nacelle.apiserver.proxy.ProxyTargets;
import dev.nacelle.apiserver.registry.CustomKinds;
import dev.nacelle.apiserver.registry.LiveRegistry;
import dev.nacelle.apiserver.watch.WatchCaches;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.store.Store;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The API server: the pipeline, the caches and the HTTP server in front of them. The store, the
 * event loops and the metrics are the caller's.
 */
public final class ApiServer implements AutoCloseable {
  private final WatchCaches caches;
  private final LiveRegistry registry;
  private final RequestPipeline pipeline;
  private final Optional<Audit> audit;
  private final CustomKinds customKinds;
  private final SystemObjects systemObjects;
  private final ApiHandler handler;
  private final HttpServer http;
  private volatile boolean closing;

  /**
   * What the server works with.
   *
   * @param kinds the built-in ones
   * @param steps of admission
   * @param responders by {@code tokenreviews.authentication.k8s.io} or {@code
   *     serviceaccounts/token}
   * @param tokenKeys the public keys of service-account tokens, as a JSON Web Key Set; empty where
   *     none are published
   * @param audit what is written down of requests; empty for nothing. The caller closes it
   * @param health checks besides the server's own
   * @param random makes uids and names; safe for any thread
   */
  public record Parts(
      Store store,
      List<ResourceDefinition> kinds,
      Authenticator authenticator,
      Authorizer authorizer,
      AdmissionSteps steps,
      Map<String, Responder> responders,
      Optional<JsonObject> tokenKeys,
      NodeGateway gateway,
      Optional<Audit> audit,
      List<HealthCheck> health,
      EventLoops loops,
      Metrics metrics,
      InstantSource clock,
      RandomGenerator random) {}

  /**
   * Begins to serve. Ready, as {@code /readyz} tells, once the system's own objects are made and
   * the custom kinds are served.
   *
   * @throws IOException if the address cannot be bound
   */
  public static ApiServer start(ApiServerConfig config, Parts parts) throws IOException {
    return new ApiServer(config, parts);
  }

  private ApiServer(ApiServerConfig config, Parts parts) throws IOException {
    this.caches = new WatchCaches(parts.store());
    this.registry = new LiveRegistry(parts.kinds());
    this.pipeline = pipeline(config, parts);
    this.audit = parts.audit();
    this.customKinds =
        new CustomKinds(client(Identity.system("apiserver")), registry, caches, parts.clock());
    this.systemObjects =
        new SystemObjects(
            client(Identity.system("apiserver")),
            config.ranges().serviceAddress(1),
            config.advertiseAddress());
    var checks = new ArrayList<HealthCheck>();
    checks.add(new HealthCheck("ping", HealthCheck.Of.LIFE, () -> true));
    checks.add(new HealthCheck("etcd", HealthCheck.Of.LIFE, () -> parts.store().revision() >= 0));
    checks.add(
        new HealthCheck(
            "poststarthook/start-system-namespaces-controller",
            HealthCheck.Of.READINESS,
            systemObjects::isMade));
    checks.add(
        new HealthCheck(
            "poststarthook/crd-informer-synced", HealthCheck.Of.READINESS, customKinds::isServed));
    checks.add(new HealthCheck("shutdown", HealthCheck.Of.READINESS, () -> !closing));
    checks.addAll(parts.health());
    this.handler =
        ApiHandler.of(
            new ApiHandler.Parts(
                pipeline,
                registry,
                parts.authenticator(),
                parts.gateway(),
                new ProxyTargets(client(Identity.system("apiserver")), parts.random()),
                checks,
                ServerVersion.json(),
                parts
                    .tokenKeys()
                    .map(
                        keys ->
                            new TokenIssuer(
                                ServiceAccountTokens.ISSUER,
                                keys,
                                config.advertiseAddress(),
                                this::port)),
                parts.metrics(),
                parts.audit(),
                parts.clock(),
                config.mostReads(),
                config.mostWrites()));
    HttpServer.Builder builder = HttpServer.builder(parts.loops(), handler).bind(config.bind());
    config.tls().ifPresent(builder::tls);
    this.http = builder.start();
    customKinds.start();
    systemObjects.start(http.port());
  }

  private RequestPipeline pipeline(ApiServerConfig config, Parts parts) {
    return new RequestPipeline(
        new ServerParts(
            parts.store(),
            registry,
            caches,
            new Gate(parts.authorizer()),
            parts.steps(),
            new AllocationPools(parts.store(), config.ranges(), parts.random()),
            parts.clock(),
            parts.random()),
        parts.responders());
  }

  /** The kinds that are served, custom ones included. */
  public ResourceRegistry registry() {
    return registry;
  }

  /** The API for a part of the platform in this process. */
  public ApiClient client(Identity identity) {
    return new InProcessApiClient(pipeline, registry, audit, identity);
  }

  /** The port it listens on. */
  public int port() {
    return http.port();
  }

  /** Whether {@code /readyz} says ok, as far as the server itself is concerned. */
  public boolean isReady() {
    return !closing && systemObjects.isMade() && customKinds.isServed();
  }

  /** Waits until {@link #isReady}; false if it did not come about in time. */
  public boolean awaitReady(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (!isReady()) {
      if (System.nanoTime() >= end) {
        return false;
      }
      Thread.sleep(5);
    }
    return true;
  }

  /**
   * Takes no more requests, ends the watches, and lets the requests under way end for at most
   * {@code grace}. Idempotent.
   */
  public void close(Duration grace) {
    closing = true;
    systemObjects.close();
    customKinds.close();
    caches.close();
    http.close(grace);
    handler.close();
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }
}
