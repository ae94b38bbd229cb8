package dev.nacelle.scheduler;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.task.Threads;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.scheduler.cluster.ClusterState;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import dev.nacelle.scheduler.plugin.PreemptPlugin.Answer;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the scheduler writes: bindings, conditions, nominations, evictions of victims. Each on a
 * virtual thread of its own, at most 256 at a time; beyond that the decisions wait.
 */
final class PodWrites {
  private static final Logger LOG = LoggerFactory.getLogger(PodWrites.class);
  private static final int MOST = 256;

  private final ApiClient client;
  private final EventRecorder events;
  private final ClusterState state;
  private final SchedulingQueue queue;
  private final Timeline timeline;
  private final InstantSource clock;
  private final Threads threads = new Threads("scheduler");
  private final Semaphore permits = new Semaphore(MOST);
  private final WriteOptions options = WriteOptions.by("kube-scheduler");
  private volatile boolean closed;

  PodWrites(
      ApiClient client,
      EventRecorder events,
      ClusterState state,
      SchedulingQueue queue,
      Timeline timeline,
      InstantSource clock) {
    this.client = client;
    this.events = events;
    this.state = state;
    this.queue = queue;
    this.timeline = timeline;
    this.clock = clock;
  }

  void close() {
    closed = true;
  }

  private void start(String task, Runnable write) throws InterruptedException {
    permits.acquire();
    threads.startVirtual(
        task,
        () -> {
          try {
            if (!closed) {
              write.run();
            }
          } finally {
            permits.release();
          }
        });
  }

  /** Binds the pod to the node; if that fails, the pod returns to the queue. */
  void bind(SchedulingQueue.Entry entry, String node) throws InterruptedException {
    start("bind", () -> bindNow(entry, node));
  }

  private void bindNow(SchedulingQueue.Entry entry, String node) {
    PendingPod pod = entry.pod();
    timeline.mark(pod.uid(), "scheduled");
    try {
      client.post(Resources.PODS, pod.key(), "binding", binding(pod, node), options);
    } catch (RuntimeException e) {
      state.removePod(pod.uid());
      LOG.debug("cannot bind {} to {}: {}", pod.key(), node, e.getMessage());
      boolean isGone = e instanceof ApiException refused && refused.isNotFound();
      if (!isGone) {
        events.warning(
            typed(pod.object()), "FailedScheduling", "binding rejected: " + e.getMessage());
      }
      queue.retry(entry);
      return;
    }
    events.normal(
        typed(pod.object()), "Scheduled", "Successfully assigned " + pod.key() + " to " + node);
  }

  private static KubeObject binding(PendingPod pod, String node) {
    return new KubeObject(
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "Binding")
            .put(
                "metadata",
                JsonObject.builder()
                    .put("name", pod.key().name())
                    .put("namespace", pod.key().namespace())
                    .put("uid", pod.uid())
                    .build())
            .put("target", JsonObject.builder().put("kind", "Node").put("name", node).build())
            .build());
  }

  /** Says in the pod's status and in an event why it waits; sends its victims away. */
  void refused(SchedulingQueue.Entry entry, Placement.Nowhere why) throws InterruptedException {
    start("refused", () -> refusedNow(entry.pod(), why));
  }

  private void refusedNow(PendingPod pod, Placement.Nowhere why) {
    events.warning(typed(pod.object()), "FailedScheduling", why.message());
    try {
      JsonObject status = status(pod, why);
      if (!status.isEmpty()) {
        client.patch(
            Resources.PODS,
            pod.key(),
            Patch.strategic(
                JsonObject.EMPTY
                    .withAt(Json.of(pod.uid()), "metadata", "uid")
                    .with("status", status)),
            options.of("status"));
      }
      why.preemption().ifPresent(p -> evict(pod, p));
    } catch (ApiException e) {
      LOG.debug("cannot report on {}: {}", pod.key(), e.getMessage());
      if (why.preemption().isPresent()) {
        state.withdrawNomination(pod.uid());
      }
    }
  }

  /** The change of the status; empty if it says so already. */
  private JsonObject status(PendingPod pod, Placement.Nowhere why) {
    var status = JsonObject.builder();
    Optional<JsonObject> present =
        pod.object()
            .status()
            .array("conditions")
            .objects()
            .filter(c -> c.string("type").orElse("").equals("PodScheduled"))
            .findFirst();
    boolean said =
        present
            .filter(c -> c.string("status").orElse("").equals("False"))
            .filter(c -> c.string("reason").orElse("").equals("Unschedulable"))
            .filter(c -> c.string("message").orElse("").equals(why.message()))
            .isPresent();
    if (!said) {
      status.put(
          "conditions",
          JsonArray.of(condition("PodScheduled", "False", "Unschedulable", why.message())));
    }
    String nominated = why.preemption().map(Answer.Preempt::node).orElse("");
    if (!nominated.isEmpty() && !nominated.equals(pod.nominatedNode())) {
      status.put("nominatedNodeName", nominated);
    }
    return status.build();
  }

  private void evict(PendingPod pod, Answer.Preempt preemption) {
    for (PodFacts victim : preemption.victims()) {
      if (victim.terminating()) {
        continue;
      }
      try {
        evict(pod, victim, preemption.node());
      } catch (ApiException e) {
        if (!e.isNotFound() && !e.isConflict()) {
          throw e;
        }
      }
    }
  }

  private void evict(PendingPod pod, PodFacts victim, String node) {
    JsonObject condition =
        condition(
            "DisruptionTarget",
            "True",
            "PreemptionByScheduler",
            Scheduler.NAME + ": preempting to accommodate a higher priority pod");
    client.patch(
        Resources.PODS,
        victim.key(),
        Patch.strategic(
            JsonObject.EMPTY
                .withAt(Json.of(victim.uid()), "metadata", "uid")
                .withAt(JsonArray.of(condition), "status", "conditions")),
        options.of("status"));
    client.delete(Resources.PODS, victim.key(), DeleteOptions.DEFAULT.onlyUid(victim.uid()));
    events.normal(
        typed(object(victim.key(), victim.uid())),
        "Preempted",
        "Preempted by pod " + pod.uid() + " on node " + node);
  }

  private JsonObject condition(String type, String status, String reason, String message) {
    return JsonObject.builder()
        .put("type", type)
        .put("status", status)
        .put("lastProbeTime", Json.nullValue())
        .put("lastTransitionTime", KubeObject.formatTime(clock.instant()))
        .put("reason", reason)
        .put("message", message)
        .build();
  }

  private static KubeObject object(ObjectKey key, String uid) {
    return new KubeObject(
        JsonObject.EMPTY
            .withAt(Json.of(key.name()), "metadata", "name")
            .withAt(Json.of(key.namespace()), "metadata", "namespace")
            .withAt(Json.of(uid), "metadata", "uid"));
  }

  /** Items of a list need not say their kind; events must. */
  private static KubeObject typed(KubeObject pod) {
    return new KubeObject(
        pod.json().with("apiVersion", Json.of("v1")).with("kind", Json.of("Pod")));
  }
}
