package dev.nacelle.controllers.podgc;

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
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.PodStates;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Applies {@link PodGarbagePlan} every 20 seconds. */
public final class PodGarbageController implements Reconciler {
  private static final int ENDED_KEPT = 12_500;
  private static final Duration PERIOD = Duration.ofSeconds(20);
  private static final Duration QUARANTINE = Duration.ofSeconds(40);
  private static final ObjectKey SWEEP = ObjectKey.cluster("sweep");

  private final ControllerContext context;
  private final Informer pods;
  private final Informer nodes;

  /** Nodes that pods name and the cache does not know, and since when; for the one worker. */
  private final Map<String, Instant> missingSince = new HashMap<>();

  private PodGarbageController(ControllerContext context) {
    this.context = context;
    this.pods = context.informer(Resources.PODS);
    this.nodes = context.informer(Resources.NODES);
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var loop = new ReconcileLoop(context.name(), new PodGarbageController(context), 1);
    loop.enqueueAfter(SWEEP, PERIOD);
    loop.start();
    return loop::close;
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    if (pods.isSynced() && nodes.isSynced()) {
      var known = nodes.all().stream().map(KubeObject::name).collect(Collectors.toSet());
      PodGarbagePlan plan = PodGarbagePlan.of(pods.all(), known, ENDED_KEPT);
      plan.ended().forEach(this::delete);
      plan.unplaced().forEach(this::delete);
      missingSince.keySet().retainAll(plan.orphaned().stream().map(PodStates::nodeName).toList());
      plan.orphaned().forEach(this::collectOrphan);
    }
    return Outcome.checkAgain(PERIOD);
  }

  /** A node may come back soon, and the cache may be behind. */
  private void collectOrphan(KubeObject pod) {
    String node = PodStates.nodeName(pod);
    Instant since = missingSince.computeIfAbsent(node, n -> context.now());
    boolean quarantined = since.plus(QUARANTINE).isAfter(context.now());
    if (quarantined
        || context.client().find(Resources.NODES, ObjectKey.cluster(node)).isPresent()) {
      return;
    }
    if (!PodStates.isFinished(pod)) {
      fail(pod);
    }
    delete(pod);
  }

  private void fail(KubeObject pod) {
    JsonObject condition =
        JsonObject.builder()
            .put("type", "DisruptionTarget")
            .put("status", "True")
            .put("lastTransitionTime", KubeObject.formatTime(context.now()))
            .put("reason", "DeletionByPodGC")
            .put("message", "PodGC: node no longer exists")
            .build();
    JsonObject status =
        JsonObject.builder()
            .put("phase", "Failed")
            .put("conditions", JsonArray.of(condition))
            .build();
    try {
      context
          .client()
          .patch(
              Resources.PODS,
              pod.key(),
              Patch.strategic(
                  JsonObject.EMPTY
                      .withAt(Json.of(pod.uid()), "metadata", "uid")
                      .with("status", status)),
              context.writeStatus());
    } catch (ApiException e) {
      ignoreRace(e);
    }
  }

  private void delete(KubeObject pod) {
    try {
      context
          .client()
          .delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.withGrace(0).onlyUid(pod.uid()));
    } catch (ApiException e) {
      ignoreRace(e);
    }
  }

  private static void ignoreRace(ApiException e) {
    if (!e.isNotFound() && !e.isConflict()) {
      throw e;
    }
  }
}
