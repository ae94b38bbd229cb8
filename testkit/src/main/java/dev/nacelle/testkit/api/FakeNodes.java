package dev.nacelle.testkit.api;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Nodes without containers: pods that are bound become ready, pods that are deleted end. */
public final class FakeNodes implements AutoCloseable {
  private static final WriteOptions OPTIONS = WriteOptions.by("kubelet");

  private final ApiClient api;
  private final InstantSource clock;
  private final AtomicInteger addresses = new AtomicInteger();
  private final Thread thread;

  public FakeNodes(ApiClient api, InstantSource clock) {
    this.api = api;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("fake nodes").start(this::run);
  }

  /** A ready node with room for {@code pods}. */
  public KubeObject addNode(String name, String zone, int pods) {
    String time = KubeObject.formatTime(clock.instant());
    JsonObject allocatable =
        JsonObject.builder()
            .put("cpu", "8")
            .put("memory", "16Gi")
            .put("pods", Integer.toString(pods))
            .build();
    JsonObject ready =
        JsonObject.builder()
            .put("type", "Ready")
            .put("status", "True")
            .put("lastHeartbeatTime", time)
            .put("lastTransitionTime", time)
            .build();
    KubeObject node =
        KubeObject.of(GroupVersionKind.of("v1", "Node"), ObjectKey.cluster(name))
            .withLabel("kubernetes.io/hostname", name)
            .withLabel("topology.kubernetes.io/zone", zone)
            .withStatus(
                JsonObject.builder()
                    .put("allocatable", allocatable)
                    .put("conditions", JsonArray.of(ready))
                    .build());
    return api.create(Resources.NODES, node, OPTIONS);
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    try (ObjectWatch watch = api.watch(Resources.PODS, ListOptions.ALL)) {
      while (true) {
        Optional<ObjectWatch.Event> event = watch.next(Duration.ofSeconds(10));
        if (event.isPresent()) {
          look(event.get().object().key());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(ObjectKey key) {
    Optional<KubeObject> found = api.find(Resources.PODS, key);
    if (found.isEmpty() || found.get().spec().string("nodeName").orElse("").isEmpty()) {
      return;
    }
    KubeObject pod = found.get();
    try {
      if (pod.isBeingDeleted()) {
        api.delete(Resources.PODS, key, DeleteOptions.DEFAULT.withGrace(0).onlyUid(pod.uid()));
      } else if (!pod.status().string("phase").orElse("").equals("Running")) {
        api.update(Resources.PODS, running(pod), OPTIONS.of("status"));
      }
    } catch (ApiException e) {
      if (!e.isConflict() && !e.isNotFound()) {
        throw e;
      }
    }
  }

  private KubeObject running(KubeObject pod) {
    int number = addresses.incrementAndGet();
    String address = "10.64." + (number >> 8 & 255) + "." + (number & 255);
    JsonObject ready =
        JsonObject.builder()
            .put("type", "Ready")
            .put("status", "True")
            .put("lastTransitionTime", KubeObject.formatTime(clock.instant()))
            .build();
    return pod.withStatus(
        JsonObject.builder()
            .put("phase", "Running")
            .put("podIP", address)
            .put("podIPs", JsonArray.of(JsonObject.builder().put("ip", Json.of(address)).build()))
            .put("conditions", JsonArray.of(ready))
            .build());
  }
}
