package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.apply.FieldWriter;
import dev.nacelle.api.apply.ManagedFields;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.kinds.shared.MetadataValidation;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.SchemaValidation;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
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

/** Changes objects: read, propose, complete, check, commit; again when somebody was faster. */
final class Modification {
  private static final int ATTEMPTS = 10;

  private final ServerParts parts;
  private final Commits commits;

  Modification(ServerParts parts, Commits commits) {
    this.parts = parts;
    this.commits = commits;
  }

  /** What a writer wants the object to be. Called anew for each attempt. */
  @FunctionalInterface
  interface Edit {
    Proposal propose(KubeObject old);
  }

  /**
   * The wanted object, decoded and defaulted. A resourceVersion in it is a precondition.
   *
   * @param trackFrom what the ownership of fields is compared with: the old object, or the result
   *     of server-side apply, which has set the managed fields itself
   */
  record Proposal(KubeObject object, KubeObject trackFrom) {}

  /**
   * Changes the object, which must exist.
   *
   * @return empty if it does not exist
   */
  Optional<Written> run(RequestContext context, Target target, WriteOptions options, Edit edit) {
    return run(context, target, target.subresource(), options, edit);
  }

  /**
   * As above, for a change of the whole object that came through a subresource.
   *
   * @param cameThrough the subresource that the managed fields name
   */
  Optional<Written> run(
      RequestContext context, Target target, String cameThrough, WriteOptions options, Edit edit) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<StoredObject> current = commits.read(target);
      if (current.isEmpty()) {
        return Optional.empty();
      }
      Optional<Written> written =
          attempt(context, target, cameThrough, options, edit, current.get());
      if (written.isPresent()) {
        return written;
      }
    }
    throw ApiException.modified(target.type(), target.name());
  }

  private Optional<Written> attempt(
      RequestContext context,
      Target target,
      String cameThrough,
      WriteOptions options,
      Edit edit,
      StoredObject current) {
    String version = target.version().name();
    KubeObject old = current.object(version);
    Proposal proposal = edit.propose(old);
    checkPreconditions(target, proposal.object(), old);
    Instant now = parts.clock().instant();
    var hookContext = new Hooks.Context(context.identity(), now, version);
    Hooks hooks = target.definition().hooks();

    KubeObject object = carriedOver(target, proposal.object(), old);
    AdmissionRequest request = request(context, target, object, old, options);
    object = parts.steps().mutate(request);
    object = prepared(target, hookContext, hooks, object, old);
    object = withGeneration(target, object, old);
    object = tracked(context, target, cameThrough, options, proposal.trackFrom(), object, now);
    var allocations = parts.pools().begin();
    if (target.subresource().isEmpty()) {
      object = hooks.allocate(allocations, object, Optional.of(old));
    }
    validate(target, hookContext, hooks, object, old);
    if (target.subresource().isEmpty()) {
      hooks.warnings(hookContext, object, Optional.of(old)).forEach(context.warnings());
    }
    parts.steps().validate(request.with(object));

    if (object.json().equals(old.json())) {
      return Optional.of(new Written(Written.Effect.UPDATED, current));
    }
    if (options.dryRun() == DryRun.ALL) {
      return Optional.of(
          new Written(
              Written.Effect.UPDATED,
              new StoredObject(
                  target.definition(),
                  current.key(),
                  ObjectFormat.encode(target.definition(), version, object),
                  current.revision())));
    }
    if (isDone(object, old)) {
      hooks.release(allocations, object);
      StoredObject last =
          new StoredObject(
              target.definition(),
              current.key(),
              ObjectFormat.encode(target.definition(), version, object),
              current.revision());
      OptionalLong removed = commits.remove(target, current.revision(), allocations);
      return removed.isEmpty()
          ? Optional.empty()
          : Optional.of(new Written(Written.Effect.UPDATED, last.at(removed.getAsLong())));
    }
    return commits
        .put(target, object, current.revision(), allocations)
        .map(stored -> new Written(Written.Effect.UPDATED, stored));
  }

  /** Whether the last finalizer of an object that is to be deleted is gone. */
  private static boolean isDone(KubeObject object, KubeObject old) {
    return old.isBeingDeleted()
        && object.finalizers().isEmpty()
        && old.json().integer("metadata", "deletionGracePeriodSeconds").orElse(0) == 0
        && object.json().array("spec", "finalizers").isEmpty();
  }

  private static void checkPreconditions(Target target, KubeObject object, KubeObject old) {
    if (!object.uid().isEmpty() && !object.uid().equals(old.uid())) {
      throw ApiException.conflict(
          target.type(),
          target.name(),
          "Precondition failed: UID in precondition: "
              + object.uid()
              + ", UID in object meta: "
              + old.uid());
    }
    String revision = object.resourceVersion();
    if (revision.isEmpty() || revision.equals("0")) {
      if (target.definition().origin() == Origin.CUSTOM) {
        throw ApiException.invalid(
            target.kind(),
            target.name(),
            List.of(
                FieldError.invalid(
                    "metadata.resourceVersion", Json.of(0), "must be specified for an update")));
      }
    } else if (!revision.equals(old.resourceVersion())) {
      throw ApiException.modified(target.type(), target.name());
    }
  }

  /** What the server keeps of the old object whatever was sent. */
  private static KubeObject carriedOver(Target target, KubeObject sent, KubeObject old) {
    JsonObject before = old.metadata();
    var metadata = sent.metadata().toBuilder().remove("selfLink");
    metadata.put("name", sent.name().isEmpty() ? old.name() : sent.name());
    for (String kept : List.of("uid", "creationTimestamp")) {
      if (sent.metadata().string(kept).isEmpty()) {
        metadata.putIf(kept, before.get(kept));
      }
    }
    for (String kept : List.of("namespace", "generateName")) {
      if (!sent.metadata().has(kept)) {
        metadata.putIf(kept, before.get(kept));
      }
    }
    for (String kept :
        List.of(
            "resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds")) {
      metadata.remove(kept).putIf(kept, before.get(kept));
    }
    if (!sent.metadata().has("managedFields")) {
      metadata.putIf("managedFields", before.get("managedFields"));
    }
    var object = new KubeObject(sent.json().with("metadata", metadata.build()));
    return withOldPart(target, object, old);
  }

  /** A write to the object keeps its status, one to the status keeps the rest. */
  private static KubeObject withOldPart(Target target, KubeObject object, KubeObject old) {
    if (target.subresource().isEmpty()) {
      return target.version().hasStatus() ? withField(object, old, "status") : object;
    }
    if (!target.subresource().equals("status")) {
      return object;
    }
    JsonObject metadata = old.metadata();
    if (target.definition().origin() == Origin.BUILT_IN) {
      metadata =
          metadata.toBuilder()
              .remove("labels")
              .remove("annotations")
              .putIf("labels", object.metadata().get("labels"))
              .putIf("annotations", object.metadata().get("annotations"))
              .build();
    }
    metadata =
        metadata.toBuilder()
            .remove("managedFields")
            .putIf("managedFields", object.metadata().get("managedFields"))
            .build();
    var result = old.json().toBuilder().put("metadata", metadata).remove("status");
    return new KubeObject(result.putIf("status", object.json().get("status")).build());
  }

  private static KubeObject withField(KubeObject object, KubeObject old, String field) {
    Optional<Json> before = old.json().get(field);
    return new KubeObject(
        before.isPresent()
            ? object.json().with(field, before.get())
            : object.json().without(field));
  }

  private static KubeObject prepared(
      Target target, Hooks.Context context, Hooks hooks, KubeObject object, KubeObject old) {
    return switch (target.subresource()) {
      case "" -> hooks.prepareForUpdate(context, object, old);
      case "status" -> hooks.prepareForStatusUpdate(context, object, old);
      default -> object;
    };
  }

  /**
   * The generation of a custom object grows with every change outside metadata and status; built-in
   * kinds count by themselves.
   */
  private static KubeObject withGeneration(Target target, KubeObject object, KubeObject old) {
    if (target.definition().origin() == Origin.BUILT_IN || target.subresource().equals("status")) {
      return object;
    }
    boolean hasStatus = target.version().hasStatus();
    return desired(object, hasStatus).equals(desired(old, hasStatus))
        ? object
        : object.withMetadata("generation", Json.of(old.generation() + 1));
  }

  private static JsonObject desired(KubeObject object, boolean hasStatus) {
    JsonObject.Builder json = object.json().toBuilder().remove("metadata");
    return (hasStatus ? json.remove("status") : json).build();
  }

  private static KubeObject tracked(
      RequestContext context,
      Target target,
      String cameThrough,
      WriteOptions options,
      KubeObject from,
      KubeObject object,
      Instant now) {
    var writer =
        new FieldWriter(
            FieldManagers.nameFor(context, options), target.kind().apiVersion(), cameThrough, now);
    return ManagedFields.afterWrite(
        writer,
        Optional.of(from),
        object,
        new KindVersions(target.definition(), target.subresource()));
  }

  private static void validate(
      Target target, Hooks.Context context, Hooks hooks, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>(MetadataValidation.onUpdate(object, old));
    if (target.definition().origin() == Origin.CUSTOM) {
      errors.addAll(
          SchemaValidation.validateUpdate(object.json(), old.json(), target.version().schema()));
    }
    List<FieldError> own =
        switch (target.subresource()) {
          case "" -> hooks.validateUpdate(context, object, old);
          case "status" -> hooks.validateStatusUpdate(context, object, old);
          // the others change just what they are made for
          default -> Subparts.faults(target, object, old);
        };
    own.stream().filter(e -> !errors.contains(e)).forEach(errors::add);
    if (!errors.isEmpty()) {
      throw ApiException.invalid(target.kind(), object.name(), errors);
    }
  }

  private static AdmissionRequest request(
      RequestContext context,
      Target target,
      KubeObject object,
      KubeObject old,
      WriteOptions options) {
    return new AdmissionRequest(
        AdmissionRequest.Operation.UPDATE,
        context.identity(),
        target.definition(),
        target.version().name(),
        target.key(),
        target.subresource(),
        Optional.of(object),
        Optional.of(old),
        options.dryRun(),
        context.warnings());
  }
}
