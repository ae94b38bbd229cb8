package dev.nacelle.apiserver.auth;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.ApiServerConfig;
import dev.nacelle.apiserver.bootstrap.AccessControl;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** An API server on loopback, over TLS, with access control as the platform has it. */
final class GuardedServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final ApiServer server;
  final AccessControl access;
  final ClusterPki pki;
  private final RocksStore store;
  private final EventLoops loops;
  private final Informers informers;

  private GuardedServer(Path directory, int port) throws Exception {
    pki = ClusterPki.open(directory.resolve("pki"), InstantSource.system());
    var random = new SecureRandom();
    Path tokens = directory.resolve("tokens");
    Files.writeString(tokens, "alices-token,alice,1,\"developers\"\n");
    store = RocksStore.open(directory.resolve("store"), RocksStoreOptions.defaults());
    access =
        AccessControl.of(
            new AccessControl.Settings(
                pki,
                store,
                Optional.of(tokens),
                List.of("Node", "RBAC"),
                List.of(),
                List.of(),
                InstantSource.system(),
                random));
    loops = EventLoops.start(1);
    var names =
        new SubjectAlternatives(List.of("localhost"), List.of(InetAddress.getByName("127.0.0.1")));
    var config =
        new ApiServerConfig(
            new InetSocketAddress("127.0.0.1", port),
            Optional.of(
                new ServerTls(
                    pki.serverIdentity("apiserver", names),
                    ServerTls.ClientCertificates.REQUESTED)),
            "192.0.2.1",
            new AllocationPools.Ranges("10.128.0.0/16", 30000, 32767, p -> true),
            ApiServerConfig.DEFAULT_READS,
            ApiServerConfig.DEFAULT_WRITES);
    server =
        ApiServer.start(
            config,
            new ApiServer.Parts(
                store,
                BuiltInKinds.all(),
                access.authenticator(),
                access.authorizer(),
                access.steps(),
                access.responders(),
                Optional.of(access.tokenKeys()),
                (exchange, request) -> {
                  throw ApiException.unavailable("no nodes in this test");
                },
                Optional.empty(),
                access.health(),
                loops,
                new Metrics(),
                InstantSource.system(),
                random));
    informers = new Informers(system());
    access.open(system(), informers);
    if (!server.awaitReady(PATIENCE)) {
      throw new IllegalStateException("the server is not ready");
    }
    await(() -> access.health().stream().allMatch(check -> check.holds().getAsBoolean()));
  }

  static GuardedServer start(Path directory) throws Exception {
    return new GuardedServer(directory, 0);
  }

  /** A client that may do everything. */
  ApiClient system() {
    return server.client(Identity.system("tester"));
  }

  ApiClient as(Identity identity) {
    return server.client(identity);
  }

  String url() {
    return "https://127.0.0.1:" + server.port();
  }

  static KubeObject object(String json) {
    return new KubeObject(JsonReader.readObject(Bytes.utf8(json)));
  }

  /** A service account that is there: controllers do not run in these tests. */
  KubeObject account(String namespace, String name) {
    return system()
        .create(
            Resources.SERVICE_ACCOUNTS,
            KubeObject.of(
                new GroupVersionKind("", "v1", "ServiceAccount"), new ObjectKey(namespace, name)),
            WriteOptions.by("test"));
  }

  static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() >= end) {
        throw new AssertionError("it did not come about in " + PATIENCE.toSeconds() + " s");
      }
      Thread.sleep(5);
    }
  }

  @Override
  public void close() {
    access.close();
    informers.close();
    server.close();
    loops.close();
    store.close();
  }

  /** Serves a directory on a port until it is ended: for trying things by hand. */
  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    Files.createDirectories(directory);
    long begin = System.nanoTime();
    try (GuardedServer guarded = new GuardedServer(directory, Integer.parseInt(args[1]))) {
      guarded.pki.ensureAdminKubeconfig(directory.resolve("kubeconfig"), guarded.url());
      System.out.println(
          "ready " + guarded.url() + " after " + (System.nanoTime() - begin) / 1_000_000 + " ms");
      Thread.currentThread().join();
    }
  }
}
