package dev.nacelle.node;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.ImageUsage;
import dev.nacelle.image.Platform;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.node.pod.HostMemory;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.RuntimeCapability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this host's Node object and Lease: makes them at the start, says how the host is, renews
 * the lease. One virtual thread.
 */
final class NodeRegistration implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeRegistration.class);
  private static final String MANAGER = "kubelet";
  private static final String LEASES = "kube-node-lease";
  private static final int LEASE_SECONDS = 40;
  private static final Duration STATUS_EVERY = Duration.ofMinutes(5);
  private static final long LEAST_MEMORY = 100L << 20;
  private static final long LEAST_DISK_PERCENT = 10;
  private static final int MAX_IMAGES = 50;
  private static final int MAX_NAMES = 5;

  private final NodeConfig config;
  private final ApiClient client;
  private final ContainerRuntime runtime;
  private final ImageStore images;
  private final InstantSource clock;
  private final Thread thread;
  private volatile boolean ready;
  private Optional<JsonObject> reported = Optional.empty();

  /** The conditions as they were written last, with their times. */
  private JsonArray known = JsonArray.EMPTY;

  private Instant reportedAt = Instant.MIN;

  NodeRegistration(
      NodeConfig config,
      ApiClient client,
      ContainerRuntime runtime,
      ImageStore images,
      InstantSource clock) {
    this.config = config;
    this.client = client;
    this.runtime = runtime;
    this.images = images;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("node heartbeat").unstarted(this::beat);
  }

  /** Makes the Node, if there is none, with its labels brought up to date. */
  static void ensureNode(NodeConfig config, ApiClient client) {
    JsonObject labels = labels(config);
    try {
      client.create(
          Resources.NODES,
          new KubeObject(
              KubeObject.of(
                      new GroupVersionKind("", "v1", "Node"), ObjectKey.cluster(config.name()))
                  .json()
                  .withAt(labels, "metadata", "labels")),
          WriteOptions.by(MANAGER));
    } catch (ApiException e) {
      if (!e.isAlreadyExists()) {
        throw e;
      }
      client.patch(
          Resources.NODES,
          ObjectKey.cluster(config.name()),
          Patch.merge(JsonObject.EMPTY.withAt(labels, "metadata", "labels")),
          WriteOptions.by(MANAGER));
    }
  }

  /** Reports the node as ready from now on. */
  void ready() {
    ready = true;
    known =
        client
            .find(Resources.NODES, ObjectKey.cluster(config.name()))
            .map(n -> n.status().array("conditions"))
            .orElse(JsonArray.EMPTY);
    report();
    thread.start();
  }

  /** What pods may ask for together. */
  Admission.Capacity capacity() {
    return new Admission.Capacity(
        Runtime.getRuntime().availableProcessors() * 1000L,
        HostMemory.TOTAL_BYTES,
        config.maxPods());
  }

  /** The Node as a subject of events. */
  KubeObject node() {
    KubeObject node =
        KubeObject.of(new GroupVersionKind("", "v1", "Node"), ObjectKey.cluster(config.name()));
    return node.withMetadata("uid", Json.of(config.name()));
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void beat() {
    try {
      while (true) {
        try {
          renewLease();
          if (ready && clock.instant().isAfter(reportedAt.plus(config.heartbeat()))) {
            report();
          }
        } catch (ApiException e) {
          LOG.warn("cannot report the node: {}", e.getMessage());
        }
        Thread.sleep(config.heartbeat());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void renewLease() {
    var key = new ObjectKey(LEASES, config.name());
    String now = KubeObject.formatMicroTime(clock.instant());
    JsonObject spec =
        JsonObject.builder()
            .put("holderIdentity", config.name())
            .put("leaseDurationSeconds", LEASE_SECONDS)
            .put("renewTime", now)
            .build();
    try {
      client.patch(
          Resources.LEASES,
          key,
          Patch.merge(JsonObject.EMPTY.with("spec", spec)),
          WriteOptions.by(MANAGER));
    } catch (ApiException e) {
      if (!e.isNotFound()) {
        throw e;
      }
      client.create(
          Resources.LEASES,
          KubeObject.of(new GroupVersionKind("coordination.k8s.io", "v1", "Lease"), key)
              .withSpec(spec),
          WriteOptions.by(MANAGER));
    }
  }

  private void report() {
    JsonObject status = status();
    Instant now = clock.instant();
    boolean due = now.isAfter(reportedAt.plus(STATUS_EVERY));
    if (!due && reported.filter(status::equals).isPresent()) {
      return;
    }
    JsonArray conditions =
        new JsonArray(
            status.array("conditions").objects().map(c -> (Json) stamped(c, now)).toList());
    client.patch(
        Resources.NODES,
        ObjectKey.cluster(config.name()),
        Patch.strategic(JsonObject.EMPTY.with("status", status.with("conditions", conditions))),
        WriteOptions.by(MANAGER).of("status"));
    reported = Optional.of(status);
    known = conditions;
    reportedAt = now;
  }

  /** With the present time, and the time of the last change of its status. */
  private JsonObject stamped(JsonObject condition, Instant now) {
    Json time = Json.of(KubeObject.formatTime(now));
    Json since =
        known
            .objects()
            .filter(
                k ->
                    k.string("type").equals(condition.string("type"))
                        && k.string("status").equals(condition.string("status")))
            .findFirst()
            .flatMap(k -> k.get("lastTransitionTime"))
            .orElse(time);
    return condition.with("lastHeartbeatTime", time).with("lastTransitionTime", since);
  }

  private static JsonObject labels(NodeConfig config) {
    var labels = new TreeMap<String, String>();
    String architecture = Platform.host().architecture();
    labels.put("kubernetes.io/hostname", config.name());
    labels.put("kubernetes.io/os", "linux");
    labels.put("kubernetes.io/arch", architecture);
    labels.put("beta.kubernetes.io/os", "linux");
    labels.put("beta.kubernetes.io/arch", architecture);
    labels.putAll(config.labels());
    return JsonObject.builder().putStrings("labels", labels).build().object("labels");
  }

  private JsonObject status() {
    JsonObject resources =
        JsonObject.builder()
            .put("cpu", Integer.toString(Runtime.getRuntime().availableProcessors()))
            .put("memory", HostMemory.TOTAL_BYTES / 1024 + "Ki")
            .put("ephemeral-storage", images.usage().diskCapacityBytes() / 1024 + "Ki")
            .put("pods", Integer.toString(config.maxPods()))
            .build();
    return JsonObject.builder()
        .put("capacity", resources)
        .put("allocatable", resources)
        .put("conditions", conditions())
        .put(
            "addresses",
            JsonArray.of(
                pair("type", "InternalIP", "address", config.address()),
                pair("type", "Hostname", "address", config.name())))
        .put(
            "daemonEndpoints",
            JsonObject.EMPTY.withAt(Json.of(config.endpointPort()), "kubeletEndpoint", "Port"))
        .put("nodeInfo", nodeInfo())
        .put("images", imageNames())
        .build();
  }

  private JsonArray conditions() {
    List<RuntimeCapability> missing =
        runtime.capabilities().stream()
            .filter(c -> c.level() == RuntimeCapability.Level.MISSING)
            .toList();
    ImageUsage disk = images.usage();
    return JsonArray.of(
        HostMemory.availableBytes() < LEAST_MEMORY
            ? condition(
                "MemoryPressure",
                "True",
                "KubeletHasInsufficientMemory",
                "kubelet has insufficient memory available")
            : condition(
                "MemoryPressure",
                "False",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available"),
        disk.diskAvailableBytes() < disk.diskCapacityBytes() * LEAST_DISK_PERCENT / 100
            ? condition(
                "DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")
            : condition(
                "DiskPressure",
                "False",
                "KubeletHasNoDiskPressure",
                "kubelet has no disk pressure"),
        condition(
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available"),
        missing.isEmpty()
            ? condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
            : condition(
                "Ready",
                "False",
                "KubeletNotReady",
                missing.getFirst().name() + ": " + missing.getFirst().detail()));
  }

  private static JsonObject condition(String type, String status, String reason, String message) {
    return JsonObject.builder()
        .put("type", type)
        .put("status", status)
        .put("reason", reason)
        .put("message", message)
        .build();
  }

  private JsonObject nodeInfo() {
    return JsonObject.builder()
        .put("machineID", read("/etc/machine-id"))
        .put("systemUUID", read("/sys/class/dmi/id/product_uuid"))
        .put("bootID", read("/proc/sys/kernel/random/boot_id"))
        .put("kernelVersion", read("/proc/sys/kernel/osrelease"))
        .put("osImage", osImage())
        .put("containerRuntimeVersion", "nacelle://" + version())
        .put("kubeletVersion", config.version())
        .put("kubeProxyVersion", "")
        .put("operatingSystem", "linux")
        .put("architecture", Platform.host().architecture())
        .build();
  }

  private static String version() {
    String version = NodeRegistration.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }

  private JsonArray imageNames() {
    var result = new ArrayList<Json>();
    for (ResolvedImage image : images.list().stream().limit(MAX_IMAGES).toList()) {
      List<String> names =
          Stream.concat(image.repoDigests().stream(), image.names().stream())
              .limit(MAX_NAMES)
              .toList();
      result.add(
          JsonObject.builder()
              .put("names", JsonArray.ofStrings(names))
              .put("sizeBytes", image.sizeBytes())
              .build());
    }
    return new JsonArray(result);
  }

  private static String osImage() {
    try {
      return Files.readAllLines(Path.of("/etc/os-release")).stream()
          .filter(l -> l.startsWith("PRETTY_NAME="))
          .map(l -> l.substring("PRETTY_NAME=".length()).replace("\"", ""))
          .findFirst()
          .orElse("Linux");
    } catch (IOException e) {
      return "Linux";
    }
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static JsonObject pair(String name, String value, String otherName, String otherValue) {
    return JsonObject.builder().put(name, value).put(otherName, otherValue).build();
  }
}
