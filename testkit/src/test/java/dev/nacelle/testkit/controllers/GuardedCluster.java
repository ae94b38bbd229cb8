package dev.nacelle.testkit.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.ApiServerConfig;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.bootstrap.AccessControl;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.controllers.ControllerSettings;
import dev.nacelle.controllers.Controllers;
import dev.nacelle.scheduler.Scheduler;
import dev.nacelle.store.Store;
import dev.nacelle.testkit.api.FakeNodes;
import dev.nacelle.testkit.store.MemoryStore;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * An API server with access control, and controllers that speak through it; nodes without
 * containers. Notes what the controllers ask for. The controllers' clock can be put forward.
 */
final class GuardedCluster implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String ROLES = "system:controller:";
  private static final Set<String> READS = Set.of("get", "list", "watch");
  private static final String ACCOUNTS = "system:serviceaccount:kube-system:";

  private final Store store = new MemoryStore(System::nanoTime);
  private final EventLoops loops = EventLoops.start(1);
  private final AccessControl access;
  private final ApiServer server;
  private final Informers informers;
  private final Controllers controllers;
  private final Scheduler scheduler;
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private volatile Duration ahead = Duration.ZERO;
  final FakeNodes nodes;

  GuardedCluster(Path directory) throws Exception {
    ClusterPki pki = ClusterPki.open(directory.resolve("pki"), InstantSource.system());
    access =
        AccessControl.of(
            new AccessControl.Settings(
                pki,
                store,
                Optional.empty(),
                List.of("Node", "RBAC"),
                List.of(),
                List.of(),
                InstantSource.system(),
                new Random(1)));
    server =
        ApiServer.start(
            new ApiServerConfig(
                new InetSocketAddress("127.0.0.1", 0),
                Optional.empty(),
                "192.0.2.1",
                new AllocationPools.Ranges("10.128.0.0/16", 30000, 32767, port -> true),
                ApiServerConfig.DEFAULT_READS,
                ApiServerConfig.DEFAULT_WRITES),
            new ApiServer.Parts(
                store,
                BuiltInKinds.all(),
                access.authenticator(),
                noting(access.authorizer()),
                access.steps(),
                Map.of(),
                Optional.empty(),
                (exchange, request) -> {
                  throw ApiException.unavailable("no nodes in this test");
                },
                Optional.empty(),
                access.health(),
                loops,
                new Metrics(),
                InstantSource.system(),
                new Random(2)));
    informers = new Informers(server.client(Identity.system("informers")));
    access.open(server.client(Identity.system("apiserver")), informers);
    assertThat(server.awaitReady(BOUND)).isTrue();
    access.awaitRoles();
    InstantSource clock = () -> Instant.now().plus(ahead);
    controllers =
        Controllers.start(
            server.client(Identity.system("controllers")),
            informers,
            new ControllerSettings("PEM", "10.64.0.0/16", this::resources),
            clock);
    scheduler =
        Scheduler.start(
            system(), informers, Clock.systemUTC(), new Timeline(Clock.systemUTC(), 1_000));
    nodes = new FakeNodes(system(), Clock.systemUTC());
  }

  private List<ResourceType> resources() {
    var result = new ArrayList<ResourceType>();
    for (ResourceDefinition definition : server.registry().all()) {
      String version = definition.storedVersion().name();
      if (definition.storedVersion().verbs().contains("delete")) {
        result.add(definition.type(version));
      }
    }
    return result;
  }

  private Authorizer noting(Authorizer inner) {
    return new Authorizer() {
      @Override
      public Decision authorize(Attributes attributes) {
        Decision decision = inner.authorize(attributes);
        if (attributes.identity().user().startsWith(ACCOUNTS)
            && attributes.target() instanceof Attributes.Resource resource) {
          String name = attributes.identity().user().substring(ACCOUNTS.length());
          asked.add(
              word(name, attributes.verb(), resource.group(), resource.resourceAndSubresource()));
          if (!(decision instanceof Decision.Allow)) {
            refused.add(attributes.refusal());
          }
        }
        return decision;
      }

      @Override
      public Rules rulesFor(Identity identity, String namespace) {
        return inner.rulesFor(identity, namespace);
      }
    };
  }

  private static String word(String controller, String verb, String group, String resource) {
    return controller + ": " + verb + " " + resource + (group.isEmpty() ? "" : "." + group);
  }

  /** A client that may do everything. */
  ApiClient system() {
    return as(Identity.system("tester"));
  }

  ApiClient as(Identity identity) {
    return server.client(identity);
  }

  /** Puts the controllers' clock forward. */
  void pass(Duration time) {
    ahead = ahead.plus(time);
  }

  void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + BOUND.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      Thread.sleep(10);
    }
  }

  /** What was refused to a controller. */
  Set<String> refused() {
    return new TreeSet<>(refused);
  }

  /**
   * {@code CONTROLLER: VERB RESOURCE.GROUP} of each right to write that its controller did not use;
   * without those on everything, and on events.
   */
  Set<String> unused() {
    var unused = new TreeSet<String>();
    system().list(Resources.CLUSTER_ROLES, ListOptions.ALL).items().stream()
        .filter(role -> role.name().startsWith(ROLES))
        .forEach(role -> unused.addAll(words(role)));
    unused.removeAll(asked);
    return unused;
  }

  private static Set<String> words(KubeObject role) {
    String controller = role.name().substring(ROLES.length());
    var words = new TreeSet<String>();
    for (JsonObject rule : role.json().array("rules").objects().toList()) {
      for (String verb : rule.array("verbs").strings().toList()) {
        for (String group : rule.array("apiGroups").strings().toList()) {
          for (String resource : rule.array("resources").strings().toList()) {
            if (!READS.contains(verb) && !resource.equals("events") && !resource.equals("*")) {
              words.add(word(controller, verb, group, resource));
            }
          }
        }
      }
    }
    return words;
  }

  @Override
  public void close() {
    scheduler.close();
    controllers.close();
    nodes.close();
    access.close();
    informers.close();
    server.close();
    loops.close();
    store.close();
  }
}
