package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.apply.FieldWriter;
import dev.nacelle.api.apply.ServerSideApply;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.client.WriteOptions.FieldValidation;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.patch.JsonPatch;
import dev.nacelle.api.patch.MergePatch;
import dev.nacelle.api.patch.StrategicMergePatch;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes the wanted object out of the present one and a patch. */
final class Patching {
  private final InstantSource clock;

  Patching(InstantSource clock) {
    this.clock = clock;
  }

  /** The patch as an edit of the object or its status. */
  Modification.Edit edit(RequestContext context, Target target, Patch patch, WriteOptions options) {
    return old -> {
      if (patch.type() == Patch.Type.APPLY) {
        KubeObject applied = apply(context, target, Optional.of(old), patch, options);
        return new Modification.Proposal(applied, applied);
      }
      JsonObject patched = patched(target, old.json(), patch);
      KubeObject object =
          BodyRules.shapePatched(context, target, patched, old.json(), options.validation());
      requireSameIdentity(target, object, old);
      return new Modification.Proposal(object, old);
    };
  }

  /** The patch of an object's Scale as an edit of the object; applied, its fields are owned. */
  Modification.Edit scaleEdit(
      RequestContext context, Target target, Patch patch, WriteOptions options) {
    Target whole = target.withSubresource("");
    return old -> {
      if (patch.type() == Patch.Type.APPLY) {
        KubeObject configuration =
            Scales.configuration(whole, old, requireConfiguration(patch, options));
        KubeObject applied =
            merged(context, whole, target.subresource(), Optional.of(old), configuration, options);
        return new Modification.Proposal(applied, applied);
      }
      JsonObject scale = patched(target, Scales.of(target, old).json(), patch);
      return new Modification.Proposal(Scales.applied(target, old, scale), old);
    };
  }

  /** The object that server-side apply makes where none is yet, or out of the present one. */
  KubeObject apply(
      RequestContext context,
      Target target,
      Optional<KubeObject> live,
      Patch patch,
      WriteOptions options) {
    KubeObject configuration =
        configuration(context, target, requireConfiguration(patch, options), options);
    requireFit(target, configuration, live);
    return merged(context, target, target.subresource(), live, configuration, options);
  }

  private static JsonObject requireConfiguration(Patch patch, WriteOptions options) {
    if (!(patch.body() instanceof JsonObject body)) {
      throw ApiException.badRequest("error decoding YAML: expected an object");
    }
    if (options.fieldManager().isEmpty()) {
      throw ApiException.invalid(
          new GroupVersionKind("meta.k8s.io", "v1", "PatchOptions"),
          "",
          List.of(FieldError.required("fieldManager", "is required for apply patch")));
    }
    return body;
  }

  private KubeObject merged(
      RequestContext context,
      Target target,
      String subresource,
      Optional<KubeObject> live,
      KubeObject configuration,
      WriteOptions options) {
    var writer =
        new FieldWriter(
            options.fieldManager(), target.kind().apiVersion(), subresource, clock.instant());
    var versions = new KindVersions(target.definition(), target.subresource());
    return switch (ServerSideApply.apply(writer, live, configuration, versions, options.force())) {
      case ServerSideApply.Applied(KubeObject object) ->
          BodyRules.shape(context, target, object.json(), Set.of(), FieldValidation.IGNORE);
      case ServerSideApply.Conflicts conflicts -> throw conflicts.toException();
    };
  }

  private static KubeObject configuration(
      RequestContext context, Target target, JsonObject body, WriteOptions options) {
    String apiVersion = body.string("apiVersion").orElse("");
    String kind = body.string("kind").orElse("");
    if (apiVersion.isEmpty() || kind.isEmpty()) {
      throw ApiException.badRequest(
          "Object 'Kind' or 'apiVersion' is missing in the apply configuration");
    }
    if (!kind.equals(target.kind().kind()) || !apiVersion.equals(target.kind().apiVersion())) {
      throw ApiException.badRequest(
          "the configuration is of "
              + apiVersion
              + " "
              + kind
              + ", the request is for "
              + target.kind().apiVersion()
              + " "
              + target.kind().kind());
    }
    if (!body.array("metadata", "managedFields").isEmpty()) {
      throw ApiException.badRequest("metadata.managedFields must be nil");
    }
    BodyRules.remarkUnknown(context, target, body, options.validation());
    return new KubeObject(body);
  }

  private static void requireFit(
      Target target, KubeObject configuration, Optional<KubeObject> live) {
    if (!configuration.name().isEmpty() && !configuration.name().equals(target.name())) {
      throw nameMismatch(configuration.name(), target.name());
    }
    if (!configuration.namespace().isEmpty()
        && !configuration.namespace().equals(target.namespace())) {
      throw namespaceMismatch();
    }
    String revision = configuration.resourceVersion();
    if (!revision.isEmpty() && live.isEmpty()) {
      throw ApiException.conflict(
          target.type(),
          target.name(),
          "the object does not exist, but the configuration has a resourceVersion");
    }
  }

  private static void requireSameIdentity(Target target, KubeObject object, KubeObject old) {
    if (!object.name().equals(old.name())) {
      throw nameMismatch(object.name(), target.name());
    }
    if (!object.namespace().equals(old.namespace())) {
      throw namespaceMismatch();
    }
    if (!object.apiVersion().equals(old.apiVersion()) || !object.kind().equals(old.kind())) {
      throw ApiException.badRequest("a patch cannot change apiVersion or kind");
    }
  }

  static ApiException nameMismatch(String inObject, String inUrl) {
    return ApiException.badRequest(
        "the name of the object ("
            + inObject
            + ") does not match the name on the URL ("
            + inUrl
            + ")");
  }

  static ApiException namespaceMismatch() {
    return ApiException.badRequest(
        "the namespace of the provided object does not match the namespace sent on the request");
  }

  static JsonObject patched(Target target, JsonObject old, Patch patch) {
    Json body = patch.body();
    return switch (patch.type()) {
      case JSON -> JsonPatch.apply(old, body);
      case MERGE -> MergePatch.apply(old, body);
      case STRATEGIC -> {
        if (target.definition().origin() == Origin.CUSTOM) {
          throw ApiException.unsupportedMediaType(
              "the body of the request was in an unknown format - accepted media types include:"
                  + " application/json-patch+json, application/merge-patch+json,"
                  + " application/apply-patch+yaml");
        }
        yield StrategicMergePatch.apply(old, body, target.version().schema());
      }
      case APPLY -> throw new IllegalArgumentException("apply is no plain patch");
    };
  }
}
