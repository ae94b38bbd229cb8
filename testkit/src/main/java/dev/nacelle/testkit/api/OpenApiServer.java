package dev.nacelle.testkit.api;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.ApiServerConfig;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.apiserver.pipeline.NamespaceLifecycle;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.store.Store;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An API server on loopback, without TLS, that takes everybody for {@code system:tester} and lets
 * everybody do everything; those named {@code system:nobody} nothing.
 */
public final class OpenApiServer implements AutoCloseable {
  public static final Identity TESTER = Identity.system("tester");
  public static final Identity NOBODY = Identity.of("system:nobody");

  private static final Authorizer ALLOWING =
      new Authorizer() {
        @Override
        public Decision authorize(Attributes attributes) {
          return attributes.identity().user().equals(NOBODY.user())
              ? Decision.NO_OPINION
              : new Decision.Allow("a test");
        }

        @Override
        public Rules rulesFor(Identity identity, String namespace) {
          return new Rules(List.of(), List.of(), "a test");
        }
      };

  private final EventLoops loops;
  private final ApiServer server;

  private OpenApiServer(EventLoops loops, ApiServer server) {
    this.loops = loops;
    this.server = server;
  }

  /** Starts a server and waits until it is ready. The store stays the caller's. */
  public static OpenApiServer start(Store store) throws IOException, InterruptedException {
    EventLoops loops = EventLoops.start(1);
    var config =
        new ApiServerConfig(
            new InetSocketAddress("127.0.0.1", 0),
            Optional.empty(),
            "192.0.2.1",
            new AllocationPools.Ranges("10.128.0.0/16", 30000, 32767, port -> true),
            ApiServerConfig.DEFAULT_READS,
            ApiServerConfig.DEFAULT_WRITES);
    var parts =
        new ApiServer.Parts(
            store,
            BuiltInKinds.all(),
            exchange -> Optional.of(TESTER),
            ALLOWING,
            NamespaceLifecycle.alone(store),
            Map.of(),
            Optional.empty(),
            (exchange, request) -> {
              throw ApiException.unavailable("no nodes in this test");
            },
            Optional.empty(),
            List.of(),
            loops,
            new Metrics(),
            InstantSource.system(),
            new SecureRandom());
    ApiServer server = ApiServer.start(config, parts);
    if (!server.awaitReady(Duration.ofSeconds(60))) {
      throw new IllegalStateException("the server is not ready after a minute");
    }
    return new OpenApiServer(loops, server);
  }

  public ApiClient client(Identity identity) {
    return server.client(identity);
  }

  /** {@code http://127.0.0.1:PORT}. */
  public String url() {
    return "http://127.0.0.1:" + server.port();
  }

  @Override
  public void close() {
    server.close();
    loops.close();
  }
}
