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
import dev.nacelle.image.Platform;
import dev.nacelle.node.pod.HostMemory;
import dev.nacelle.runtime.ContainerRuntime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.TreeMap;
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

  private final NodeConfig config;
  private final ApiClient client;
  private final NodeStatus text;
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
    this.text = new NodeStatus(config, runtime, images);
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
    JsonObject status = text.now();
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
}
