package dev.nacelle.apiserver;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.audit.Audit;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.apiserver.pipeline.NamespaceLifecycle;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An API server on loopback without TLS that lets everybody do everything. */
final class TestServer implements AutoCloseable {
  static final Authorizer ALLOW_ALL =
      new Authorizer() {
        @Override
        public Decision authorize(Attributes attributes) {
          return new Decision.Allow("a test");
        }

        @Override
        public Rules rulesFor(Identity identity, String namespace) {
          return new Rules(List.of(), List.of(), "a test");
        }
      };

  final RocksStore store;
  final ApiServer server;
  private final EventLoops loops;

  private TestServer(RocksStore store, EventLoops loops, ApiServer server) {
    this.store = store;
    this.loops = loops;
    this.server = server;
  }

  static TestServer start(Path directory, int port) throws IOException, InterruptedException {
    return start(directory, port, ALLOW_ALL, AdmissionSteps.NONE, ApiServerConfig.DEFAULT_WRITES);
  }

  static TestServer start(
      Path directory, int port, Authorizer authorizer, AdmissionSteps steps, int writes)
      throws IOException, InterruptedException {
    return start(directory, port, authorizer, steps, writes, Optional.empty(), new Metrics());
  }

  /** Whose requests are written down. */
  static TestServer audited(Path directory, Audit audit, Metrics metrics)
      throws IOException, InterruptedException {
    return start(
        directory,
        0,
        ALLOW_ALL,
        AdmissionSteps.NONE,
        ApiServerConfig.DEFAULT_WRITES,
        Optional.of(audit),
        metrics);
  }

  private static TestServer start(
      Path directory,
      int port,
      Authorizer authorizer,
      AdmissionSteps steps,
      int writes,
      Optional<Audit> audit,
      Metrics metrics)
      throws IOException, InterruptedException {
    RocksStore store = RocksStore.open(directory, RocksStoreOptions.defaults());
    EventLoops loops = EventLoops.start(1);
    var config =
        new ApiServerConfig(
            new InetSocketAddress("127.0.0.1", port),
            Optional.empty(),
            "192.0.2.1",
            new AllocationPools.Ranges("10.128.0.0/16", 30000, 32767, p -> true),
            ApiServerConfig.DEFAULT_READS,
            writes);
    ApiServer server =
        ApiServer.start(
            config,
            new ApiServer.Parts(
                store,
                BuiltInKinds.all(),
                exchange ->
                    Optional.of(
                        exchange
                            .headers()
                            .first("x-user")
                            .map(name -> new Identity(name, "", List.of(), Map.of()))
                            .orElse(Identity.system("tester"))),
                authorizer,
                NamespaceLifecycle.alone(store).then(steps),
                Map.of(),
                Optional.empty(),
                (exchange, request) -> {
                  throw ApiException.unavailable("no nodes in this test");
                },
                audit,
                List.of(),
                loops,
                metrics,
                InstantSource.system(),
                new SecureRandom()));
    if (!server.awaitReady(Duration.ofSeconds(30))) {
      throw new IllegalStateException("the server is not ready");
    }
    return new TestServer(store, loops, server);
  }

  ApiClient client() {
    return server.client(Identity.system("tester"));
  }

  String url() {
    return "http://127.0.0.1:" + server.port();
  }

  @Override
  public void close() {
    server.close();
    loops.close();
    store.close();
  }

  /** Serves a directory on a port until it is ended: for trying things by hand. */
  public static void main(String[] args) throws Exception {
    try (TestServer server = start(Path.of(args[0]), Integer.parseInt(args[1]))) {
      System.out.println("ready " + server.url());
      Thread.currentThread().join();
    }
  }
}
