package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.DeleteOptions.Propagation;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Deletes objects, or marks them as deleted while finalizers or grace hold them. */
final class Removal {
  private static final int ATTEMPTS = 10;
  private static final String ORPHAN = "orphan";
  private static final String CUSTOM_OBJECTS = "customresourcecleanup.apiextensions.k8s.io";
  private static final String FOREGROUND = "foregroundDeletion";

  private final ServerParts parts;
  private final Commits commits;

  Removal(ServerParts parts, Commits commits) {
    this.parts = parts;
    this.commits = commits;
  }

  Written run(RequestContext context, Target target, DeleteOptions options, DryRun dryRun) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      StoredObject current =
          commits
              .read(target)
              .orElseThrow(() -> ApiException.notFound(target.type(), target.name()));
      Optional<Written> written = attempt(context, target, options, dryRun, current);
      if (written.isPresent()) {
        return written.get();
      }
      if (options.resourceVersion().isPresent()) {
        break;
      }
    }
    throw ApiException.modified(target.type(), target.name());
  }

  /** What a deletion makes of an object: it goes, or stays as this. */
  private record Plan(KubeObject object, boolean goes) {}

  private Optional<Written> attempt(
      RequestContext context,
      Target target,
      DeleteOptions options,
      DryRun dryRun,
      StoredObject current) {
    KubeObject old = current.object(target.version().name());
    checkPreconditions(target, options, old);
    parts.steps().validate(request(context, target, old, dryRun));
    Plan plan = plan(target, options, old, parts.clock().instant());
    if (dryRun == DryRun.ALL) {
      return Optional.of(
          new Written(
              plan.goes() ? Written.Effect.DELETED : Written.Effect.MARKED_DELETED, current));
    }
    var allocations = parts.pools().begin();
    if (plan.goes()) {
      target.definition().hooks().release(allocations, old);
      OptionalLong removed = commits.remove(target, current.revision(), allocations);
      return removed.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Written(Written.Effect.DELETED, last(target, plan, removed.getAsLong())));
    }
    if (plan.object().equals(old)) {
      return Optional.of(new Written(Written.Effect.MARKED_DELETED, current));
    }
    return commits
        .put(target, plan.object(), current.revision(), allocations)
        .map(stored -> new Written(Written.Effect.MARKED_DELETED, stored));
  }

  private static StoredObject last(Target target, Plan plan, long revision) {
    return new StoredObject(
        target.definition(),
        target.storeKey(),
        ObjectFormat.encode(target.definition(), target.version().name(), plan.object()),
        revision);
  }

  private static void checkPreconditions(Target target, DeleteOptions options, KubeObject old) {
    options
        .uid()
        .filter(uid -> !uid.equals(old.uid()))
        .ifPresent(
            uid -> {
              throw ApiException.conflict(
                  target.type(),
                  target.name(),
                  "Precondition failed: UID in precondition: "
                      + uid
                      + ", UID in object meta: "
                      + old.uid());
            });
    options
        .resourceVersion()
        .filter(rv -> !rv.equals(old.resourceVersion()))
        .ifPresent(
            rv -> {
              throw ApiException.conflict(
                  target.type(),
                  target.name(),
                  "Precondition failed: ResourceVersion in precondition: "
                      + rv
                      + ", ResourceVersion in object meta: "
                      + old.resourceVersion());
            });
  }

  private static Plan plan(Target target, DeleteOptions options, KubeObject old, Instant now) {
    if (target.isFor("", "namespaces")) {
      return namespacePlan(old, options, now);
    }
    List<String> finalizers = finalizers(old, options.propagation());
    boolean first = !old.isBeingDeleted();
    if (first && target.isFor("apiextensions.k8s.io", "customresourcedefinitions")) {
      // its objects go first: who serves the kind removes them and then this
      finalizers.remove(CUSTOM_OBJECTS);
      finalizers.add(CUSTOM_OBJECTS);
    }
    KubeObject object = old.withFinalizers(finalizers);
    if (object.finalizers().isEmpty() && old.finalizers().isEmpty()) {
      object = old;
    }
    boolean held = !object.finalizers().isEmpty();
    OptionalLong grace = target.definition().hooks().deletionGrace(old, options);
    if (grace.isPresent()) {
      return gracefulPlan(object, options, grace.getAsLong(), held, now);
    }
    return held ? new Plan(marked(object, now, 0), false) : new Plan(object, true);
  }

  private static Plan gracefulPlan(
      KubeObject object, DeleteOptions options, long grace, boolean held, Instant now) {
    if (!object.isBeingDeleted()) {
      return grace == 0 && !held
          ? new Plan(object, true)
          : new Plan(marked(object, now, grace), false);
    }
    // being deleted already: the time may only become shorter
    OptionalLong present = object.json().integer("metadata", "deletionGracePeriodSeconds");
    if (present.isEmpty()) {
      return new Plan(object, !held);
    }
    long wanted = options.gracePeriodSeconds().orElse(present.getAsLong());
    if (wanted >= present.getAsLong()) {
      return new Plan(object, false);
    }
    if (wanted == 0 && !held) {
      return new Plan(object, true);
    }
    Instant asked = object.deletionTimestamp().orElse(now).minusSeconds(present.getAsLong());
    return new Plan(
        object
            .withMetadata(
                "deletionTimestamp", Json.of(KubeObject.formatTime(asked.plusSeconds(wanted))))
            .withMetadata("deletionGracePeriodSeconds", Json.of(wanted)),
        false);
  }

  private static KubeObject marked(KubeObject object, Instant now, long grace) {
    if (object.isBeingDeleted()) {
      return object.withMetadata("deletionGracePeriodSeconds", Json.of(grace));
    }
    KubeObject marked =
        object
            .withMetadata(
                "deletionTimestamp", Json.of(KubeObject.formatTime(now.plusSeconds(grace))))
            .withMetadata("deletionGracePeriodSeconds", Json.of(grace));
    return object.generation() > 0
        ? marked.withMetadata("generation", Json.of(object.generation() + 1))
        : marked;
  }

  /** A namespace stays, terminating, until its content is gone and its spec has no finalizers. */
  private static Plan namespacePlan(KubeObject old, DeleteOptions options, Instant now) {
    KubeObject object = old.withFinalizers(finalizers(old, options.propagation()));
    boolean held =
        !object.finalizers().isEmpty() || !object.json().array("spec", "finalizers").isEmpty();
    if (!held) {
      return new Plan(old, true);
    }
    if (!old.isBeingDeleted()) {
      object = object.withMetadata("deletionTimestamp", Json.of(KubeObject.formatTime(now)));
    }
    JsonObject status = object.status().with("phase", Json.of("Terminating"));
    return new Plan(object.status().equals(status) ? object : object.withStatus(status), false);
  }

  /** The finalizers with those that make the garbage collector orphan or go first. */
  private static List<String> finalizers(KubeObject object, Propagation propagation) {
    var present = object.finalizers();
    Propagation effective =
        switch (propagation) {
          case DEFAULT ->
              present.contains(ORPHAN)
                  ? Propagation.ORPHAN
                  : present.contains(FOREGROUND) ? Propagation.FOREGROUND : Propagation.DEFAULT;
          case ORPHAN, BACKGROUND, FOREGROUND -> propagation;
        };
    var result = new ArrayList<>(present);
    result.removeIf(
        f ->
            (f.equals(ORPHAN) && effective != Propagation.ORPHAN)
                || (f.equals(FOREGROUND) && effective != Propagation.FOREGROUND));
    if (effective == Propagation.ORPHAN && !result.contains(ORPHAN)) {
      result.add(ORPHAN);
    } else if (effective == Propagation.FOREGROUND && !result.contains(FOREGROUND)) {
      result.add(FOREGROUND);
    }
    return result;
  }

  private static AdmissionRequest request(
      RequestContext context, Target target, KubeObject old, DryRun dryRun) {
    return new AdmissionRequest(
        AdmissionRequest.Operation.DELETE,
        context.identity(),
        target.definition(),
        target.version().name(),
        target.key(),
        "",
        Optional.empty(),
        Optional.of(old),
        dryRun,
        context.warnings());
  }
}
