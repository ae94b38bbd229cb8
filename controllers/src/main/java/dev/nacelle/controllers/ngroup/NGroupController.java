package dev.nacelle.controllers.ngroup;

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
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.ngroup.NGroupStatus.Problem;
import dev.nacelle.controllers.shared.Batches;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.ControllerIndex;
import dev.nacelle.controllers.shared.Expectations;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** Applies {@link NGroupPlan}: creates and deletes the pods of container groups. */
public final class NGroupController implements Reconciler {
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);

  private final ControllerContext context;
  private final Informer groups;
  private final Informer profiles;
  private final Informer revisions;
  private final Informer pods;
  private final Expectations expectations;

  private NGroupController(ControllerContext context) {
    this.context = context;
    this.groups = context.informer(Resources.NGROUPS);
    this.profiles = context.informer(Resources.CONTAINER_GROUP_PROFILES);
    this.revisions = context.informer(Resources.CONTROLLER_REVISIONS);
    this.pods = context.informer(Resources.PODS);
    this.expectations = new Expectations(context.clock());
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var controller = new NGroupController(context);
    var loop = new ReconcileLoop(context.name(), controller, 4);
    ControllerIndex.on(controller.pods);
    ControllerIndex.on(controller.revisions);
    controller.groups.listen(
        (before, after) -> before.or(() -> after).ifPresent(g -> loop.enqueue(g.key())));
    controller.profiles.listen(
        (before, after) -> after.or(() -> before).ifPresent(p -> controller.wakeUsers(loop, p)));
    controller.revisions.listen(
        (before, after) ->
            after
                .flatMap(OwnerKind.PROFILE::controllerOf)
                .flatMap(controller.profiles::get)
                .ifPresent(p -> controller.wakeUsers(loop, p)));
    controller.pods.listen((before, after) -> controller.podChanged(loop, before, after));
    loop.start();
    return loop::close;
  }

  private void wakeUsers(ReconcileLoop loop, KubeObject profile) {
    for (KubeObject group : groups.inNamespace(profile.namespace())) {
      if (profileName(group).equals(profile.name())) {
        loop.enqueue(group.key());
      }
    }
  }

  private void podChanged(
      ReconcileLoop loop, Optional<KubeObject> before, Optional<KubeObject> after) {
    Optional<KubeObject> ended =
        before.filter(
            pod -> after.isEmpty() || after.get().isBeingDeleted() || !sameUid(pod, after.get()));
    ended.ifPresent(
        pod ->
            OwnerKind.NGROUP
                .controllerOf(pod)
                .ifPresent(owner -> expectations.deletionSeen(owner, pod.uid())));
    after
        .filter(pod -> before.isEmpty() || !sameUid(pod, before.get()))
        .flatMap(OwnerKind.NGROUP::controllerOf)
        .ifPresent(expectations::creationSeen);
    after.or(() -> before).flatMap(OwnerKind.NGROUP::controllerOf).ifPresent(loop::enqueue);
  }

  private static boolean sameUid(KubeObject a, KubeObject b) {
    return a.uid().equals(b.uid());
  }

  private static String profileName(KubeObject group) {
    return group.spec().string("profileRef", "name").orElse("");
  }

  @Override
  public Outcome reconcile(ObjectKey key) throws InterruptedException {
    Optional<KubeObject> found = groups.get(key);
    if (found.isEmpty()) {
      expectations.forget(key);
      return Outcome.SETTLED;
    }
    if (!pods.isSynced() || !profiles.isSynced() || !revisions.isSynced()) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    KubeObject group = OwnerKind.NGROUP.typed(found.get());
    if (group.isBeingDeleted()) {
      return Outcome.SETTLED; // the pods go with their owner
    }
    List<KubeObject> owned = ControllerIndex.controlledBy(pods, group.uid());
    Optional<KubeObject> profile = profiles.get(new ObjectKey(key.namespace(), profileName(group)));
    Optional<KubeObject> revision = profile.flatMap(p -> revision(group, p));
    if (revision.isEmpty()) {
      return withoutRevision(group, owned, profile);
    }
    boolean mayAct = expectations.isSatisfied(key);
    Optional<ApiException> failure =
        mayAct
            ? apply(group, NGroupPlan.of(group, revision.get(), owned, names(key), context.now()))
            : Optional.empty();
    long number = ProfilePlan.number(revision.get());
    writeStatus(
        group,
        NGroupStatus.of(
            group,
            owned,
            number,
            Optional.empty(),
            failure.map(e -> new Problem(e.status().reason(), e.status().message())),
            context.now()));
    if (failure.isPresent()) {
      throw failure.get();
    }
    return mayAct ? Outcome.SETTLED : Outcome.checkAgain(Expectations.LONGEST);
  }

  private Set<String> names(ObjectKey group) {
    return pods.inNamespace(group.namespace()).stream()
        .map(KubeObject::name)
        .collect(Collectors.toSet());
  }

  private Optional<KubeObject> revision(KubeObject group, KubeObject profile) {
    List<KubeObject> known = ControllerIndex.controlledBy(revisions, profile.uid());
    OptionalLong asked = group.spec().integer("profileRef", "revision");
    return asked.isPresent()
        ? known.stream().filter(r -> ProfilePlan.number(r) == asked.getAsLong()).findFirst()
        : ProfilePlan.current(profile, known);
  }

  /** What is there stays; nothing new can be made. */
  private Outcome withoutRevision(
      KubeObject group, List<KubeObject> owned, Optional<KubeObject> profile) {
    OptionalLong asked = group.spec().integer("profileRef", "revision");
    if (profile.isPresent() && asked.isEmpty()) {
      return Outcome.SETTLED; // the revision is being recorded, and wakes us
    }
    String name = profileName(group);
    Problem problem =
        profile.isEmpty()
            ? new Problem("ProfileNotFound", "containergroupprofile \"" + name + "\" not found")
            : new Problem(
                "RevisionNotFound",
                "containergroupprofile \"%s\" has no revision %d"
                    .formatted(name, asked.getAsLong()));
    context.events().warning(group, problem.reason(), problem.message());
    writeStatus(
        group,
        NGroupStatus.of(
            group, owned, asked.orElse(0), Optional.of(problem), Optional.empty(), context.now()));
    return Outcome.SETTLED;
  }

  private Optional<ApiException> apply(KubeObject group, NGroupPlan plan)
      throws InterruptedException {
    expectations.expect(
        group.key(),
        plan.create().size(),
        plan.delete().stream().map(KubeObject::uid).collect(Collectors.toSet()));
    var created = Batches.slowStart(plan.create(), pod -> create(group, pod));
    for (int skipped = created.made(); skipped < plan.create().size(); skipped++) {
      expectations.creationSeen(group.key());
    }
    var deleted = Batches.all(plan.delete(), pod -> delete(group, pod));
    Optional<ApiException> failure = created.failure().or(deleted::failure);
    if (failure.isEmpty()) {
      remember(group, plan.made());
    }
    return failure;
  }

  private void create(KubeObject group, KubeObject pod) {
    try {
      KubeObject created = context.client().create(Resources.PODS, pod, context.write());
      context.events().normal(group, "SuccessfulCreate", "Created pod: " + created.name());
    } catch (ApiException e) {
      expectations.creationSeen(group.key());
      boolean isEnding =
          e.status().details().causes().stream()
              .anyMatch(cause -> cause.reason().equals("NamespaceTerminating"));
      if (isEnding) {
        return;
      }
      context.events().warning(group, "FailedCreate", "Error creating: " + e.getMessage());
      throw e;
    }
  }

  private void delete(KubeObject group, KubeObject pod) {
    try {
      context.client().delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.onlyUid(pod.uid()));
      context.events().normal(group, "SuccessfulDelete", "Deleted pod: " + pod.name());
    } catch (ApiException e) {
      expectations.deletionSeen(group.key(), pod.uid());
      if (!e.isNotFound() && !e.isConflict()) {
        context.events().warning(group, "FailedDelete", "Error deleting: " + e.getMessage());
        throw e;
      }
    }
  }

  /** Only a group that does not replace what it lost has to know how many it made. */
  private void remember(KubeObject group, int made) {
    boolean maintains = group.spec().bool("maintainReplicas").orElse(true);
    if (maintains || made == NGroupPlan.made(group)) {
      return;
    }
    JsonObject patch =
        JsonObject.EMPTY.withAt(
            Json.of(Integer.toString(made)), "metadata", "annotations", NGroupPlan.MADE);
    context.client().patch(Resources.NGROUPS, group.key(), Patch.merge(patch), context.write());
  }

  private void writeStatus(KubeObject group, JsonObject status) {
    if (!status.equals(group.status())) {
      context
          .client()
          .update(
              Resources.NGROUPS,
              group.withStatus(status).withoutMetadata("resourceVersion"),
              context.writeStatus());
    }
  }
}
