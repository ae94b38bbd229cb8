package dev.nacelle.controllers.ngroup;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.ControllerIndex;
import dev.nacelle.controllers.shared.OwnWrites;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;

/** Applies {@link ProfilePlan}: one ControllerRevision for each template of a profile. */
public final class ProfileController implements Reconciler {
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);

  private final ControllerContext context;
  private final Informer profiles;
  private final Informer revisions;
  private final Informer groups;
  private final OwnWrites revisionWrites;

  private ProfileController(ControllerContext context) {
    this.context = context;
    this.profiles = context.informer(Resources.CONTAINER_GROUP_PROFILES);
    this.revisions = context.informer(Resources.CONTROLLER_REVISIONS);
    this.groups = context.informer(Resources.NGROUPS);
    this.revisionWrites = new OwnWrites(revisions, context.clock());
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var controller = new ProfileController(context);
    var loop = new ReconcileLoop(context.name(), controller, 2);
    ControllerIndex.on(controller.revisions);
    controller.profiles.listen(
        (before, after) -> after.ifPresent(profile -> loop.enqueue(profile.key())));
    controller.revisions.listen(
        (before, after) ->
            after
                .or(() -> before)
                .flatMap(OwnerKind.PROFILE::controllerOf)
                .ifPresent(loop::enqueue));
    loop.start();
    return loop::close;
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    Optional<KubeObject> found = profiles.get(key);
    if (found.isEmpty() || found.get().isBeingDeleted()) {
      revisionWrites.forget(key);
      return Outcome.SETTLED; // the revisions go with their owner
    }
    // a number is given once: the next one is counted from the last
    if (!revisions.isSynced() || !groups.isSynced() || !revisionWrites.areVisible(key)) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    KubeObject profile = found.get();
    var inUse =
        groups.inNamespace(key.namespace()).stream()
            .filter(g -> g.spec().string("profileRef", "name").orElse("").equals(key.name()))
            .flatMapToLong(g -> g.spec().integer("profileRef", "revision").stream())
            .boxed()
            .collect(Collectors.toSet());
    var plan =
        ProfilePlan.of(
            profile, ControllerIndex.controlledBy(revisions, profile.uid()), inUse, context.now());
    if (plan.create().isPresent()) {
      try {
        KubeObject created =
            context
                .client()
                .create(Resources.CONTROLLER_REVISIONS, plan.create().get(), context.write());
        revisionWrites.written(key, created);
      } catch (ApiException e) {
        if (!e.isAlreadyExists()) {
          throw e;
        }
        return Outcome.checkAgain(SYNC_WAIT); // ours, and not in the cache yet
      }
    }
    for (KubeObject old : plan.delete()) {
      context
          .client()
          .delete(
              Resources.CONTROLLER_REVISIONS, old.key(), DeleteOptions.DEFAULT.onlyUid(old.uid()));
    }
    if (!plan.status().equals(profile.status())) {
      context
          .client()
          .update(
              Resources.CONTAINER_GROUP_PROFILES,
              OwnerKind.PROFILE.typed(profile.withStatus(plan.status())),
              context.writeStatus());
    }
    return Outcome.SETTLED;
  }
}
