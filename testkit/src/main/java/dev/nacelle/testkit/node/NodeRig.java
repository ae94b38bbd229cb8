package dev.nacelle.testkit.node;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.node.NodeAgent;
import dev.nacelle.node.NodeConfig;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * A node over fakes that outlive it, so that it can be "killed" and started again. For one thread.
 */
public final class NodeRig implements AutoCloseable {
  public static final String NODE = "n1";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  public final MemoryApi api = new MemoryApi();
  public final HandRuntime runtime = new HandRuntime();
  public final HandDatapath datapath = new HandDatapath();
  public final HandImages images;
  private final Path directory;
  private Optional<NodeAgent> agent = Optional.empty();
  private Optional<Informer> services = Optional.empty();

  public NodeRig(Path directory) {
    this.directory = directory;
    this.images = new HandImages(directory.resolve("roots")).add("app:1");
  }

  /** Starts a node, after {@link #kill} another one on the same host. */
  public NodeAgent start() throws InterruptedException {
    var config =
        new NodeConfig(
            NODE,
            "test",
            directory.resolve("node"),
            directory.resolve("logs"),
            "192.0.2.1",
            10250,
            Map.of(),
            Optional.of("10.128.0.10"),
            "cluster.local",
            110,
            Duration.ofSeconds(10),
            List.of());
    if (api.find(Resources.NODES, ObjectKey.cluster(NODE)).isEmpty()) {
      api.create(
          Resources.NODES,
          object("v1", "Node", ObjectKey.cluster(NODE), JsonObject.EMPTY),
          WriteOptions.by("test"));
    }
    var shared = new Informer(api, Resources.SERVICES, ListOptions.ALL).start();
    services = Optional.of(shared);
    var node =
        new NodeAgent(
            config,
            api,
            runtime,
            images,
            datapath,
            shared,
            new Timeline(Clock.systemUTC(), 1_000),
            Clock.systemUTC());
    agent = Optional.of(node);
    node.start();
    return node;
  }

  /** Ends the node; what it ran goes on. */
  public void kill() {
    agent.ifPresent(NodeAgent::close);
    services.ifPresent(Informer::close);
    agent = Optional.empty();
    services = Optional.empty();
  }

  @Override
  public void close() {
    api.comeUp();
    kill();
  }

  /** Binds a pod to the node; its spec is YAML. */
  public KubeObject pod(String name, String spec) {
    JsonObject parsed = (JsonObject) YamlReader.read(Bytes.utf8(spec));
    return api.create(
        Resources.PODS,
        object("v1", "Pod", new ObjectKey("default", name), parsed.with("nodeName", Json.of(NODE)))
            .withMetadata("generation", Json.of(1)),
        WriteOptions.by("test"));
  }

  /** Makes or replaces a ConfigMap. */
  public void configMap(String name, Map<String, String> data) {
    var key = new ObjectKey("default", name);
    Optional<KubeObject> present = api.find(Resources.CONFIG_MAPS, key);
    JsonObject json =
        object("v1", "ConfigMap", key, JsonObject.EMPTY)
            .json()
            .without("spec")
            .with("data", JsonObject.builder().putStrings("d", data).build().object("d"));
    if (present.isPresent()) {
      api.update(Resources.CONFIG_MAPS, new KubeObject(json), WriteOptions.by("test"));
    } else {
      api.create(Resources.CONFIG_MAPS, new KubeObject(json), WriteOptions.by("test"));
    }
  }

  private static KubeObject object(String version, String kind, ObjectKey key, JsonObject spec) {
    return new KubeObject(
            JsonObject.builder()
                .put("apiVersion", version)
                .put("kind", kind)
                .put(
                    "metadata",
                    JsonObject.builder()
                        .put("name", key.name())
                        .put("namespace", key.namespace())
                        .put("uid", UUID.randomUUID().toString())
                        .build())
                .build())
        .withSpec(spec);
  }

  /** The pod as the API has it. */
  public Optional<KubeObject> pod(String name) {
    return api.find(Resources.PODS, new ObjectKey("default", name));
  }

  /** Waits until the pod is so. */
  public KubeObject awaitPod(String name, Predicate<KubeObject> state) {
    await("pod " + name, () -> pod(name).filter(state).isPresent(), () -> pod(name).toString());
    return pod(name).orElseThrow();
  }

  /** Waits for the pod's phase. */
  public KubeObject awaitPhase(String name, String phase) {
    return awaitPod(name, p -> p.status().string("phase").filter(phase::equals).isPresent());
  }

  /** Waits until the pod is no more. */
  public void awaitGone(String name) {
    await("end of pod " + name, () -> pod(name).isEmpty(), () -> pod(name).toString());
  }

  /** Waits for a condition, with a bound. */
  public static void await(
      String what, BooleanSupplier condition, java.util.function.Supplier<String> state) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain for " + what + ": " + state.get());
      }
      LockSupport.parkNanos(2_000_000);
    }
  }

  /** The entry of a container in the pod's status. */
  public static JsonObject container(KubeObject pod, String name) {
    return java.util.stream.Stream.of(
            "containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        .flatMap(list -> pod.status().array(list).objects())
        .filter(c -> c.string("name").filter(name::equals).isPresent())
        .findFirst()
        .orElse(JsonObject.EMPTY);
  }

  /** Where the node keeps what is its own. */
  public Path nodeDirectory() {
    return directory.resolve("node");
  }

  public Path logs() {
    return directory.resolve("logs");
  }

  /** The reasons of all events about an object, in order. */
  public List<String> eventReasons(String name) {
    return api.list(Resources.EVENTS, ListOptions.ALL).items().stream()
        .filter(e -> e.json().string("involvedObject", "name").filter(name::equals).isPresent())
        .map(e -> e.json().string("reason").orElse(""))
        .toList();
  }
}
