package dev.nacelle.controllers.replicaset;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Batches;
import dev.nacelle.controllers.shared.Claims;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.ControllerIndex;
import dev.nacelle.controllers.shared.Expectations;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.RunningController;
import dev.nacelle.controllers.shared.TemplatePods;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Applies {@link ReplicaSetPlan}: creates and deletes pods, writes the status. */
public final class ReplicaSetController implements Reconciler {
  private static final int WORKERS = 4;
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);

  private final ControllerContext context;
  private final Informer sets;
  private final Informer pods;
  private final Expectations expectations;

  private ReplicaSetController(ControllerContext context) {
    this.context = context;
    this.sets = context.informer(Resources.REPLICA_SETS);
    this.pods = context.informer(Resources.PODS);
    this.expectations = new Expectations(context.clock());
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var controller = new ReplicaSetController(context);
    var loop = new ReconcileLoop(context.name(), controller, WORKERS);
    ControllerIndex.on(controller.pods);
    ControllerIndex.on(controller.sets);
    controller.sets.listen(
        (before, after) -> before.or(() -> after).ifPresent(set -> loop.enqueue(set.key())));
    controller.pods.listen((before, after) -> controller.podChanged(loop, before, after));
    loop.start();
    return loop::close;
  }

  private void podChanged(
      ReconcileLoop loop, Optional<KubeObject> before, Optional<KubeObject> after) {
    before.flatMap(OwnerKind.REPLICA_SET::controllerOf).ifPresent(loop::enqueue);
    if (after.isEmpty() || after.get().isBeingDeleted()) {
      before
          .or(() -> after)
          .ifPresent(
              pod ->
                  OwnerKind.REPLICA_SET
                      .controllerOf(pod)
                      .ifPresent(owner -> expectations.deletionSeen(owner, pod.uid())));
    }
    if (after.isEmpty()) {
      return;
    }
    KubeObject pod = after.get();
    Optional<ObjectKey> owner = OwnerKind.REPLICA_SET.controllerOf(pod);
    boolean isNew = before.isEmpty() || !before.get().uid().equals(pod.uid());
    if (isNew) {
      before.ifPresent(
          old ->
              OwnerKind.REPLICA_SET
                  .controllerOf(old)
                  .ifPresent(o -> expectations.deletionSeen(o, old.uid())));
      owner.ifPresent(expectations::creationSeen);
    }
    owner.ifPresent(loop::enqueue);
    if (pod.controller().isEmpty() && !pod.isBeingDeleted()) {
      sets.inNamespace(pod.namespace()).stream()
          .filter(set -> selector(set).matches(pod.labels()))
          .forEach(set -> loop.enqueue(set.key()));
    }
  }

  @Override
  public Outcome reconcile(ObjectKey key) throws InterruptedException {
    Optional<KubeObject> found = sets.get(key);
    if (found.isEmpty()) {
      expectations.forget(key);
      return Outcome.SETTLED;
    }
    if (!pods.isSynced()) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    KubeObject set = OwnerKind.REPLICA_SET.typed(found.get());
    boolean mayAct = expectations.isSatisfied(key);
    List<KubeObject> claimed =
        Claims.of(set, selector(set), ControllerIndex.candidates(pods, set))
            .apply(context, OwnerKind.REPLICA_SET, set, Resources.PODS);
    Batches.Result result = new Batches.Result(0, Optional.empty());
    Optional<ReplicaSetStatus.Failure> failure = Optional.empty();
    if (mayAct) {
      ReplicaSetPlan plan = ReplicaSetPlan.of(set, claimed, related(set), context.now());
      String reason = plan.create() > 0 ? "FailedCreate" : "FailedDelete";
      result = plan.create() > 0 ? create(set, plan.create()) : delete(set, plan.delete());
      failure =
          result.failure().map(e -> new ReplicaSetStatus.Failure(reason, e.status().message()));
    }
    JsonObject status = ReplicaSetStatus.of(set, claimed, failure, context.now());
    // a generation counts as observed when it was acted on, with a cache that shows our own writes
    writeStatus(set, mayAct ? status : ReplicaSetStatus.notYetObserved(set, status));
    if (result.failure().isPresent()) {
      throw result.failure().get();
    }
    if (!mayAct) {
      return Outcome.checkAgain(Expectations.LONGEST);
    }
    return ReplicaSetStatus.nextAvailable(set, claimed, context.now())
        .map(Outcome::checkAgain)
        .orElse(Outcome.SETTLED);
  }

  private Batches.Result create(KubeObject set, int count) throws InterruptedException {
    KubeObject pod =
        TemplatePods.generated(
            set.spec().object("template"), set.name(), OwnerKind.REPLICA_SET, set);
    expectations.expect(set.key(), count, Set.of());
    var result = Batches.slowStart(Collections.nCopies(count, pod), p -> createOne(set, p));
    for (int skipped = result.made(); skipped < count; skipped++) {
      expectations.creationSeen(set.key());
    }
    return result;
  }

  private void createOne(KubeObject set, KubeObject pod) {
    try {
      KubeObject created = context.client().create(Resources.PODS, pod, context.write());
      context.events().normal(set, "SuccessfulCreate", "Created pod: " + created.name());
    } catch (ApiException e) {
      expectations.creationSeen(set.key());
      if (isNamespaceTerminating(e)) {
        return;
      }
      context.events().warning(set, "FailedCreate", "Error creating: " + e.getMessage());
      throw e;
    }
  }

  private static boolean isNamespaceTerminating(ApiException e) {
    return e.status().details().causes().stream()
        .anyMatch(cause -> cause.reason().equals("NamespaceTerminating"));
  }

  private Batches.Result delete(KubeObject set, List<KubeObject> excess)
      throws InterruptedException {
    if (excess.isEmpty()) {
      return new Batches.Result(0, Optional.empty());
    }
    expectations.expect(
        set.key(), 0, excess.stream().map(KubeObject::uid).collect(Collectors.toSet()));
    return Batches.all(excess, pod -> deleteOne(set, pod));
  }

  private void deleteOne(KubeObject set, KubeObject pod) {
    try {
      context.client().delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.onlyUid(pod.uid()));
      context.events().normal(set, "SuccessfulDelete", "Deleted pod: " + pod.name());
    } catch (ApiException e) {
      expectations.deletionSeen(set.key(), pod.uid());
      if (e.isNotFound() || e.isConflict()) {
        return;
      }
      context.events().warning(set, "FailedDelete", "Error deleting: " + e.getMessage());
      throw e;
    }
  }

  /** The pods of all sets of the same controller, as those of one Deployment. */
  private List<KubeObject> related(KubeObject set) {
    if (set.controller().isEmpty()) {
      return ControllerIndex.controlledBy(pods, set.uid());
    }
    var result = new ArrayList<KubeObject>();
    for (KubeObject sibling : ControllerIndex.controlledBy(sets, set.controller().get().uid())) {
      result.addAll(ControllerIndex.controlledBy(pods, sibling.uid()));
    }
    return result;
  }

  private void writeStatus(KubeObject set, JsonObject status) {
    if (!status.equals(set.status())) {
      context
          .client()
          .update(Resources.REPLICA_SETS, set.withStatus(status), context.writeStatus());
    }
  }

  private static LabelSelector selector(KubeObject set) {
    return set.spec().find("selector").isPresent()
        ? LabelSelector.of(set.spec().object("selector"))
        : LabelSelector.NOTHING;
  }
}
