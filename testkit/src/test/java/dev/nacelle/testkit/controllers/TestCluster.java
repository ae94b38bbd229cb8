package dev.nacelle.testkit.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.Informers;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.controllers.ControllerSettings;
import dev.nacelle.controllers.Controllers;
import dev.nacelle.scheduler.Scheduler;
import dev.nacelle.testkit.api.FakeApiClient;
import dev.nacelle.testkit.api.FakeNodes;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A cluster in memory: API, controllers, scheduler, nodes without containers. */
final class TestCluster implements AutoCloseable {
  static final WriteOptions USER = WriteOptions.by("kubectl");
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final List<ResourceType> RESOURCES =
      List.of(
          Resources.NAMESPACES,
          Resources.NODES,
          Resources.PODS,
          Resources.SERVICES,
          Resources.ENDPOINTS,
          Resources.CONFIG_MAPS,
          Resources.SECRETS,
          Resources.SERVICE_ACCOUNTS,
          Resources.EVENTS,
          Resources.DEPLOYMENTS,
          Resources.REPLICA_SETS,
          Resources.CONTROLLER_REVISIONS,
          Resources.ENDPOINT_SLICES,
          Resources.CONTAINER_GROUP_PROFILES,
          Resources.NGROUPS);

  final FakeApiClient api = new FakeApiClient(Clock.systemUTC());
  final FakeNodes nodes = new FakeNodes(api, Clock.systemUTC());
  private final Informers informers = new Informers(api);
  private final Controllers controllers;
  private final Scheduler scheduler;

  TestCluster() {
    create(Resources.NAMESPACES, "{metadata: {name: default}}");
    create(Resources.NAMESPACES, "{metadata: {name: kube-system}}");
    controllers =
        Controllers.start(
            api,
            informers,
            new ControllerSettings("PEM", "10.64.0.0/16", () -> RESOURCES),
            Clock.systemUTC());
    scheduler =
        Scheduler.start(api, informers, Clock.systemUTC(), new Timeline(Clock.systemUTC(), 1_000));
  }

  /** Creates an object from YAML. */
  KubeObject create(ResourceType type, String yaml) {
    return api.create(type, object(yaml), USER);
  }

  static KubeObject object(String yaml) {
    return new KubeObject((JsonObject) YamlReader.read(Bytes.utf8(yaml)));
  }

  KubeObject get(ResourceType type, String namespace, String name) {
    return api.get(type, new ObjectKey(namespace, name));
  }

  void await(String what, BooleanSupplier condition) throws InterruptedException {
    assertThat(api.await(condition, BOUND)).as(what).isTrue();
  }

  List<KubeObject> pods() {
    return api.all(Resources.PODS);
  }

  long readyPods() {
    return pods().stream().filter(TestCluster::isReady).count();
  }

  static boolean isReady(KubeObject pod) {
    return !pod.isBeingDeleted()
        && pod.status()
            .array("conditions")
            .objects()
            .anyMatch(
                c ->
                    c.string("type").orElse("").equals("Ready")
                        && c.string("status").orElse("").equals("True"));
  }

  @Override
  public void close() {
    scheduler.close();
    controllers.close();
    nodes.close();
    informers.close();
  }
}
