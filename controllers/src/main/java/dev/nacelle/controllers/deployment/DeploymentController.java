package dev.nacelle.controllers.deployment;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Claims;
import dev.nacelle.controllers.shared.Conditions;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.ControllerIndex;
import dev.nacelle.controllers.shared.OwnWrites;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.RunningController;
import dev.nacelle.controllers.shared.TemplateHash;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Applies {@link DeploymentPlan}: ReplicaSets, revision, status. */
public final class DeploymentController implements Reconciler {
  private static final int WORKERS = 4;
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);

  private final ControllerContext context;
  private final Informer deployments;
  private final Informer sets;
  private final Informer pods;
  private final OwnWrites setWrites;

  private DeploymentController(ControllerContext context) {
    this.context = context;
    this.deployments = context.informer(Resources.DEPLOYMENTS);
    this.sets = context.informer(Resources.REPLICA_SETS);
    this.pods = context.informer(Resources.PODS);
    this.setWrites = new OwnWrites(sets, context.clock());
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var controller = new DeploymentController(context);
    var loop = new ReconcileLoop(context.name(), controller, WORKERS);
    ControllerIndex.on(controller.sets);
    ControllerIndex.on(controller.pods);
    controller.deployments.listen(
        (before, after) -> before.or(() -> after).ifPresent(d -> loop.enqueue(d.key())));
    controller.sets.listen((before, after) -> controller.setChanged(loop, before, after));
    controller.pods.listen(
        (before, after) -> {
          if (after.isEmpty()) {
            before.ifPresent(pod -> controller.podGone(loop, pod));
          }
        });
    loop.start();
    return loop::close;
  }

  private void setChanged(
      ReconcileLoop loop, Optional<KubeObject> before, Optional<KubeObject> after) {
    before.flatMap(OwnerKind.DEPLOYMENT::controllerOf).ifPresent(loop::enqueue);
    after.flatMap(OwnerKind.DEPLOYMENT::controllerOf).ifPresent(loop::enqueue);
    after
        .filter(set -> set.controller().isEmpty() && !set.isBeingDeleted())
        .ifPresent(
            orphan ->
                deployments.inNamespace(orphan.namespace()).stream()
                    .filter(d -> selector(d).matches(orphan.labels()))
                    .forEach(d -> loop.enqueue(d.key())));
  }

  /** The strategy Recreate waits for the last old pod. */
  private void podGone(ReconcileLoop loop, KubeObject pod) {
    OwnerKind.REPLICA_SET
        .controllerOf(pod)
        .flatMap(sets::get)
        .flatMap(OwnerKind.DEPLOYMENT::controllerOf)
        .flatMap(deployments::get)
        .filter(d -> RolloutSettings.of(d).strategy() == RolloutSettings.Strategy.RECREATE)
        .ifPresent(d -> loop.enqueue(d.key()));
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    Optional<KubeObject> found = deployments.get(key);
    if (found.isEmpty()) {
      setWrites.forget(key);
      return Outcome.SETTLED;
    }
    if (!sets.isSynced() || !pods.isSynced() || !setWrites.areVisible(key)) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    KubeObject deployment = OwnerKind.DEPLOYMENT.typed(found.get());
    LabelSelector selector = selector(deployment);
    if (selector.isEverything()) {
      context
          .events()
          .warning(
              deployment,
              "SelectingAll",
              "This deployment is selecting all pods. A non-empty selector is required.");
      return Outcome.SETTLED;
    }
    List<KubeObject> claimed =
        Claims.of(deployment, selector, ControllerIndex.candidates(sets, deployment))
            .apply(context, OwnerKind.DEPLOYMENT, deployment, Resources.REPLICA_SETS);
    Map<String, List<KubeObject>> podsOfSets = new HashMap<>();
    claimed.forEach(
        set -> podsOfSets.put(set.uid(), ControllerIndex.controlledBy(pods, set.uid())));
    var plan =
        DeploymentPlan.of(new DeploymentSnapshot(deployment, claimed, podsOfSets), context.now());
    return apply(deployment, plan);
  }

  private Outcome apply(KubeObject deployment, DeploymentPlan plan) {
    if (plan.create().isPresent() && !create(deployment, plan)) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    for (KubeObject set : plan.update()) {
      KubeObject written = context.client().update(Resources.REPLICA_SETS, set, context.write());
      setWrites.written(deployment.key(), written);
    }
    plan.messages().forEach(m -> context.events().normal(deployment, "ScalingReplicaSet", m));
    for (KubeObject set : plan.delete()) {
      deleteOld(set);
    }
    writeRevision(deployment, plan.revision());
    if (!plan.status().equals(deployment.status())) {
      JsonObject body = deployment.withoutMetadata("resourceVersion").json();
      context
          .client()
          .update(
              Resources.DEPLOYMENTS,
              new KubeObject(body).withStatus(plan.status()),
              context.writeStatus());
    }
    return plan.checkAgain().map(Outcome::checkAgain).orElse(Outcome.SETTLED);
  }

  /** False if the plan has to be made anew: the set's name is taken. */
  private boolean create(KubeObject deployment, DeploymentPlan plan) {
    KubeObject wanted = plan.create().orElseThrow();
    try {
      KubeObject created = context.client().create(Resources.REPLICA_SETS, wanted, context.write());
      setWrites.written(deployment.key(), created);
      return true;
    } catch (ApiException e) {
      if (e.isAlreadyExists()) {
        resolveCollision(deployment, wanted);
        return false;
      }
      reportFailure(deployment, wanted, plan, e);
      throw e;
    }
  }

  /** The name is taken by our own set, which the cache does not know yet, or by a stranger. */
  private void resolveCollision(KubeObject deployment, KubeObject wanted) {
    boolean ours =
        context
            .client()
            .find(Resources.REPLICA_SETS, wanted.key())
            .filter(present -> present.isControlledBy(deployment))
            .filter(
                present ->
                    TemplateHash.sameTemplate(
                        present.spec().object("template"), wanted.spec().object("template")))
            .isPresent();
    if (!ours) {
      long count = deployment.status().integer("collisionCount").orElse(0) + 1;
      context
          .client()
          .update(
              Resources.DEPLOYMENTS,
              deployment.withStatus(deployment.status().with("collisionCount", Json.of(count))),
              context.writeStatus());
    }
  }

  private void reportFailure(
      KubeObject deployment, KubeObject set, DeploymentPlan plan, ApiException e) {
    String message = "Failed to create new replica set \"" + set.name() + "\": " + e.getMessage();
    context.events().warning(deployment, "ReplicaSetCreateError", message);
    JsonObject status =
        Conditions.set(
            deployment.status(),
            "Progressing",
            "False",
            "ReplicaSetCreateError",
            message,
            context.now());
    boolean hasDeadline = Conditions.find(plan.status(), "Progressing").isPresent();
    if (hasDeadline && !status.equals(deployment.status())) {
      context
          .client()
          .update(Resources.DEPLOYMENTS, deployment.withStatus(status), context.writeStatus());
    }
  }

  private void deleteOld(KubeObject set) {
    try {
      context
          .client()
          .delete(Resources.REPLICA_SETS, set.key(), DeleteOptions.BACKGROUND.onlyUid(set.uid()));
    } catch (ApiException e) {
      if (!e.isNotFound()) {
        throw e;
      }
    }
  }

  private void writeRevision(KubeObject deployment, long revision) {
    if (revision == 0 || Sets.revision(deployment) == revision) {
      return;
    }
    JsonObject patch =
        JsonObject.EMPTY
            .withAt(Json.of(deployment.uid()), "metadata", "uid")
            .withAt(Json.of(Long.toString(revision)), "metadata", "annotations", Sets.REVISION);
    context
        .client()
        .patch(Resources.DEPLOYMENTS, deployment.key(), Patch.merge(patch), context.write());
  }

  private static LabelSelector selector(KubeObject deployment) {
    return deployment.spec().find("selector").isPresent()
        ? LabelSelector.of(deployment.spec().object("selector"))
        : LabelSelector.NOTHING;
  }
}
