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
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes new objects. */
final class Creation {
  private static final int NAME_ATTEMPTS = 8;
  private static final int ALLOCATION_ATTEMPTS = 16;

  private final ServerParts parts;
  private final Commits commits;
  private final NameGenerator names;

  Creation(ServerParts parts, Commits commits) {
    this.parts = parts;
    this.commits = commits;
    this.names = new NameGenerator(parts.random());
  }

  /** Whose are the fields of an object that is being made. */
  enum Tracking {
    /** The writer owns all of it. */
    WRITE,
    /** Server-side apply has set the managed fields; the writer also owns what admission adds. */
    APPLY
  }

  /**
   * Stores a decoded and defaulted object; its key is in {@code target}, whose name may be empty.
   */
  StoredObject run(
      RequestContext context,
      Target target,
      KubeObject body,
      WriteOptions options,
      Tracking tracking) {
    KubeObject placed = placed(target, body);
    if (!placed.resourceVersion().isEmpty()) {
      throw new ApiException(
          new Status(
              500,
              "",
              "resourceVersion should not be set on objects to be created",
              Status.Details.NONE));
    }
    boolean generates = placed.name().isEmpty() && !placed.generateName().isEmpty();
    for (int attempt = 1; ; attempt++) {
      KubeObject named =
          generates
              ? placed.withMetadata("name", Json.of(names.next(placed.generateName())))
              : placed;
      Optional<StoredObject> made =
          attempt(context, target.named(named.name()), named, options, tracking);
      if (made.isPresent()) {
        return made.get();
      }
      if (!generates) {
        throw ApiException.alreadyExists(target.type(), named.name());
      }
      if (attempt == NAME_ATTEMPTS) {
        Status s = ApiException.alreadyExists(target.type(), named.name()).status();
        throw new ApiException(
            new Status(
                s.code(),
                s.reason(),
                s.message() + ", the server was not able to generate a unique name for the object",
                s.details()));
      }
    }
  }

  private static KubeObject placed(Target target, KubeObject body) {
    KubeObject object = body;
    if (target.definition().isNamespaced()) {
      if (object.namespace().isEmpty()) {
        object = object.withMetadata("namespace", Json.of(target.namespace()));
      } else if (!object.namespace().equals(target.namespace())) {
        throw ApiException.badRequest(
            "the namespace of the provided object does not match the namespace sent on the"
                + " request");
      }
    } else if (!object.namespace().isEmpty()) {
      object = object.withoutMetadata("namespace");
    }
    if (!target.name().isEmpty() && object.name().isEmpty()) {
      object = object.withMetadata("name", Json.of(target.name()));
    }
    return object;
  }

  private Optional<StoredObject> attempt(
      RequestContext context,
      Target target,
      KubeObject named,
      WriteOptions options,
      Tracking tracking) {
    Instant now = parts.clock().instant();
    var hookContext = new Hooks.Context(context.identity(), now, target.version().name());
    Hooks hooks = target.definition().hooks();
    KubeObject fresh = withSystemFields(named, now);
    AdmissionRequest request = request(context, target, fresh, options);
    KubeObject mutated = parts.steps().mutate(request);
    KubeObject prepared = prepared(target, hooks.prepareForCreate(hookContext, mutated));
    KubeObject tracked = tracked(context, target, named, prepared, options, tracking, now);
    for (int i = 0; i < ALLOCATION_ATTEMPTS; i++) {
      var allocations = parts.pools().begin();
      KubeObject allocated = hooks.allocate(allocations, tracked, Optional.empty());
      validate(target, hookContext, hooks, allocated);
      hooks.warnings(hookContext, allocated, Optional.empty()).forEach(context.warnings());
      parts.steps().validate(request.with(allocated));
      if (options.dryRun() == DryRun.ALL) {
        return commits.read(target).isPresent()
            ? Optional.empty()
            : Optional.of(unstored(target, allocated));
      }
      Optional<StoredObject> stored = commits.put(target, allocated, 0, allocations);
      if (stored.isPresent()) {
        return stored;
      }
      if (commits.read(target).isPresent()) {
        return Optional.empty();
      }
    }
    throw ApiException.internal("could not allocate values for the object; try again");
  }

  private static StoredObject unstored(Target target, KubeObject object) {
    return new StoredObject(
        target.definition(),
        target.storeKey(),
        ObjectFormat.encode(target.definition(), target.version().name(), object),
        0);
  }

  private KubeObject withSystemFields(KubeObject object, Instant now) {
    JsonObject metadata =
        object.metadata().toBuilder()
            .remove("resourceVersion")
            .remove("selfLink")
            .remove("generation")
            .remove("deletionTimestamp")
            .remove("deletionGracePeriodSeconds")
            .put("uid", Uids.next(parts.random()))
            .put("creationTimestamp", KubeObject.formatTime(now))
            .build();
    return new KubeObject(object.json().with("metadata", metadata));
  }

  private static KubeObject prepared(Target target, KubeObject object) {
    if (target.definition().origin() == Origin.BUILT_IN) {
      return object;
    }
    KubeObject result = object.withMetadata("generation", Json.of(1));
    return target.version().hasStatus() ? new KubeObject(result.json().without("status")) : result;
  }

  private static KubeObject tracked(
      RequestContext context,
      Target target,
      KubeObject sent,
      KubeObject object,
      WriteOptions options,
      Tracking tracking,
      Instant now) {
    var writer =
        new FieldWriter(
            FieldManagers.nameFor(context, options), target.kind().apiVersion(), "", now);
    var versions = new KindVersions(target.definition(), "");
    return switch (tracking) {
      case WRITE ->
          ManagedFields.afterWrite(
              writer, Optional.empty(), object.withoutMetadata("managedFields"), versions);
      case APPLY -> ManagedFields.afterWrite(writer, Optional.of(sent), object, versions);
    };
  }

  private static void validate(
      Target target, Hooks.Context hookContext, Hooks hooks, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    boolean custom = target.definition().origin() == Origin.CUSTOM;
    errors.addAll(MetadataValidation.onCreate(target.definition(), object));
    if (custom) {
      errors.addAll(SchemaValidation.validate(object.json(), target.version().schema()));
    }
    List<FieldError> own = hooks.validateCreate(hookContext, object);
    own.stream().filter(e -> !errors.contains(e)).forEach(errors::add);
    if (!errors.isEmpty()) {
      throw ApiException.invalid(target.kind(), object.name(), errors);
    }
  }

  private static AdmissionRequest request(
      RequestContext context, Target target, KubeObject object, WriteOptions options) {
    return new AdmissionRequest(
        AdmissionRequest.Operation.CREATE,
        context.identity(),
        target.definition(),
        target.version().name(),
        target.key(),
        "",
        Optional.of(object),
        Optional.empty(),
        options.dryRun(),
        context.warnings());
  }
}
