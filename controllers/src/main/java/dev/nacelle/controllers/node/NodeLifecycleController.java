package dev.nacelle.controllers.node;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.PodStates;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Notices nodes that fall silent, taints them, and takes their pods away in time. Silence is
 * measured by our own clock, from the last change that was seen of the node's lease or condition.
 */
public final class NodeLifecycleController implements Reconciler {
  private static final String BY_NODE = "controllers: node";
  private static final String LEASES_OF_NODES = "kube-node-lease";
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);

  private final ControllerContext context;
  private final Informer nodes;
  private final Informer leases;
  private final Informer pods;
  private final Map<String, Sign> signs = new ConcurrentHashMap<>();

  /** What was last seen of a node, and when we saw it. */
  private record Sign(String what, Instant seenAt) {}

  private NodeLifecycleController(ControllerContext context) {
    this.context = context;
    this.nodes = context.informer(Resources.NODES);
    this.leases = context.informer(Resources.LEASES);
    this.pods = context.informer(Resources.PODS);
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var controller = new NodeLifecycleController(context);
    var loop = new ReconcileLoop(context.name(), controller, 2);
    controller.pods.index(BY_NODE, pod -> List.of(PodStates.nodeName(pod)));
    controller.nodes.listen(
        (before, after) -> after.or(() -> before).ifPresent(n -> loop.enqueue(n.key())));
    controller.leases.listen(
        (before, after) ->
            after
                .filter(lease -> lease.namespace().equals(LEASES_OF_NODES))
                .ifPresent(lease -> loop.enqueue(ObjectKey.cluster(lease.name()))));
    controller.pods.listen(
        (before, after) -> {
          boolean boundNow =
              after.isPresent()
                  && !PodStates.nodeName(after.get()).isEmpty()
                  && (before.isEmpty() || PodStates.nodeName(before.get()).isEmpty());
          if (boundNow) {
            loop.enqueue(ObjectKey.cluster(PodStates.nodeName(after.get())));
          }
        });
    loop.start();
    return loop::close;
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    Optional<KubeObject> found = nodes.get(key);
    if (found.isEmpty()) {
      signs.remove(key.name());
      return Outcome.SETTLED;
    }
    if (!leases.isSynced() || !pods.isSynced()) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    Instant now = context.now();
    KubeObject node = OwnerKind.NODE.typed(found.get());
    NodeHealthPlan plan = NodeHealthPlan.of(node, lastSign(node, now), now);
    node = write(node, plan);
    if (!plan.podsAreReady()) {
      markPods(node);
    }
    Optional<Duration> next = evict(node, now);
    if (plan.checkAgain().isPresent()
        && (next.isEmpty() || plan.checkAgain().get().compareTo(next.get()) < 0)) {
      next = plan.checkAgain();
    }
    return next.map(Outcome::checkAgain).orElse(Outcome.SETTLED);
  }

  private Instant lastSign(KubeObject node, Instant now) {
    String lease =
        leases
            .get(new ObjectKey(LEASES_OF_NODES, node.name()))
            .flatMap(l -> l.spec().string("renewTime"))
            .orElse("");
    Optional<JsonObject> ready = Conditions.find(node.status(), "Ready");
    // our own writing of Unknown is no sign of life: it keeps the heartbeat
    String heartbeat = ready.flatMap(c -> c.string("lastHeartbeatTime")).orElse("");
    String what = lease + " " + heartbeat;
    return signs
        .compute(
            node.name(),
            (name, old) -> {
              if (old != null && old.what().equals(what)) {
                return old;
              }
              boolean neverPosted = lease.isEmpty() && ready.isEmpty();
              return new Sign(what, neverPosted ? node.creationTimestamp().orElse(now) : now);
            })
        .seenAt();
  }

  private KubeObject write(KubeObject node, NodeHealthPlan plan) {
    KubeObject result = node;
    if (!plan.status().equals(node.status())) {
      result =
          context
              .client()
              .update(Resources.NODES, node.withStatus(plan.status()), context.writeStatus());
      context
          .events()
          .normal(node, "NodeNotReady", "Node " + node.name() + " status is now: NodeNotReady");
    }
    if (!plan.taints().equals(node.spec().array("taints"))) {
      JsonObject patch =
          JsonObject.EMPTY
              .withAt(Json.of(result.resourceVersion()), "metadata", "resourceVersion")
              .withAt(plan.taints(), "spec", "taints");
      result =
          context.client().patch(Resources.NODES, node.key(), Patch.merge(patch), context.write());
    }
    return result;
  }

  /** Pods of a silent node are not ready, whatever they said last. */
  private void markPods(KubeObject node) {
    for (KubeObject pod : pods.by(BY_NODE, node.name())) {
      if (!PodStates.isReady(pod)) {
        continue;
      }
      JsonObject condition =
          JsonObject.builder()
              .put("type", "Ready")
              .put("status", "False")
              .put("lastTransitionTime", KubeObject.formatTime(context.now()))
              .build();
      ignoringRaces(
          () ->
              context
                  .client()
                  .patch(
                      Resources.PODS,
                      pod.key(),
                      Patch.strategic(
                          JsonObject.EMPTY
                              .withAt(Json.of(pod.uid()), "metadata", "uid")
                              .withAt(JsonArray.of(condition), "status", "conditions")),
                      context.writeStatus()));
      context.events().warning(typed(pod), "NodeNotReady", "Node is not ready");
    }
  }

  /** Deletes the pods whose time is over; says when the next one's is. */
  private Optional<Duration> evict(KubeObject node, Instant now) {
    Optional<Duration> next = Optional.empty();
    for (KubeObject pod : pods.by(BY_NODE, node.name())) {
      Optional<Instant> due =
          PodStates.isActive(pod) ? EvictionPlan.evictAt(pod, node, now) : Optional.empty();
      if (due.isEmpty()) {
        continue;
      }
      Duration left = Duration.between(now, due.get());
      if (!left.isPositive()) {
        evict(pod);
      } else if (next.isEmpty() || left.compareTo(next.get()) < 0) {
        next = Optional.of(left.plusMillis(10));
      }
    }
    return next;
  }

  private void evict(KubeObject pod) {
    context
        .events()
        .normal(typed(pod), "TaintManagerEviction", "Marking for deletion Pod " + pod.key());
    JsonObject condition =
        JsonObject.builder()
            .put("type", "DisruptionTarget")
            .put("status", "True")
            .put("lastTransitionTime", KubeObject.formatTime(context.now()))
            .put("reason", "DeletionByTaintManager")
            .put("message", "Taint manager: deleting due to NoExecute taint")
            .build();
    ignoringRaces(
        () -> {
          context
              .client()
              .patch(
                  Resources.PODS,
                  pod.key(),
                  Patch.strategic(
                      JsonObject.EMPTY
                          .withAt(Json.of(pod.uid()), "metadata", "uid")
                          .withAt(JsonArray.of(condition), "status", "conditions")),
                  context.writeStatus());
          context
              .client()
              .delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.onlyUid(pod.uid()));
        });
  }

  private static void ignoringRaces(Runnable write) {
    try {
      write.run();
    } catch (ApiException e) {
      if (!e.isNotFound() && !e.isConflict()) {
        throw e;
      }
    }
  }

  private static KubeObject typed(KubeObject pod) {
    return new KubeObject(
        pod.json().with("apiVersion", Json.of("v1")).with("kind", Json.of("Pod")));
  }
}
