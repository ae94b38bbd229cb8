package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.WriteOptions.FieldValidation;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Defaulter;
import dev.nacelle.api.schema.ObjectMetaSchema;
import dev.nacelle.api.schema.Pruner;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.TypeCheck;
import dev.nacelle.api.schema.UnknownFields;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Set;

/**
 * Makes an object of what a client sent: its type, its unknown fields, its nulls, its defaults, as
 * upstream's decoder does.
 */
final class BodyRules {
  private BodyRules() {}

  /**
   * A whole body of a create or an update.
   *
   * @param duplicates the paths of fields that the text had twice
   */
  static KubeObject decode(
      RequestContext context,
      Target target,
      JsonObject body,
      Set<String> duplicates,
      FieldValidation validation) {
    return shape(context, target, withType(target, body), duplicates, validation);
  }

  private static JsonObject withType(Target target, JsonObject body) {
    var kind = target.kind();
    String apiVersion = body.string("apiVersion").orElse("");
    String name = body.string("kind").orElse("");
    if (!name.isEmpty() && !name.equals(kind.kind())) {
      throw ApiException.badRequest(
          name
              + " in version \""
              + kind.version()
              + "\" cannot be handled as a "
              + kind.kind()
              + ": no kind \""
              + name
              + "\" is registered for this resource");
    }
    if (!apiVersion.isEmpty() && !apiVersion.equals(kind.apiVersion())) {
      throw ApiException.badRequest(
          "the API version in the data ("
              + apiVersion
              + ") does not match the expected API version ("
              + kind.apiVersion()
              + ")");
    }
    if (apiVersion.isEmpty() || name.isEmpty()) {
      if (target.definition().origin() == Origin.CUSTOM) {
        throw ApiException.badRequest("Object 'Kind' is missing in '" + shortened(body) + "'");
      }
      return body.with("apiVersion", Json.of(kind.apiVersion())).with("kind", Json.of(kind.kind()));
    }
    return body;
  }

  private static String shortened(JsonObject body) {
    String text = body.toString();
    return text.length() > 256 ? text.substring(0, 256) + "..." : text;
  }

  /** Checks and trims an object that has the right type already: also the result of a patch. */
  static KubeObject shape(
      RequestContext context,
      Target target,
      JsonObject body,
      Set<String> duplicates,
      FieldValidation validation) {
    return defaulted(target, known(context, target, body, duplicates, validation));
  }

  /**
   * As {@link #shape}, for the result of a patch of an object that has been shaped before: members
   * that the patch left alone are not looked at again.
   */
  static KubeObject shapePatched(
      RequestContext context,
      Target target,
      JsonObject patched,
      JsonObject old,
      FieldValidation validation) {
    var changed = JsonObject.builder();
    patched
        .members()
        .forEach(
            (name, value) -> {
              if (isType(name) || old.members().get(name) != value) {
                changed.put(name, value);
              }
            });
    JsonObject known = known(context, target, changed.build(), Set.of(), validation);
    var whole = JsonObject.builder();
    patched
        .members()
        .forEach(
            (name, value) -> {
              if (isType(name) || old.members().get(name) != value) {
                whole.putIf(name, known.get(name));
              } else {
                whole.put(name, value);
              }
            });
    return defaulted(target, whole.build());
  }

  private static boolean isType(String member) {
    return member.equals("apiVersion") || member.equals("kind");
  }

  /** In its typed form, without unknown fields; each value of the type that the schema wants. */
  private static JsonObject known(
      RequestContext context,
      Target target,
      JsonObject body,
      Set<String> duplicates,
      FieldValidation validation) {
    Schema schema = target.version().schema();
    boolean mayHaveUnknown = true;
    if (validation != FieldValidation.IGNORE) {
      List<String> findings = UnknownFields.find(body, schema, duplicates);
      remark(context, body, findings, validation);
      mayHaveUnknown = !findings.isEmpty();
    }
    JsonObject shaped;
    if (target.definition().origin() == Origin.BUILT_IN) {
      TypeCheck.check(body, schema);
      shaped = TypedForm.of(body, schema);
    } else {
      shaped = withTypedMetadata(body);
    }
    return mayHaveUnknown ? Pruner.prune(shaped, schema) : shaped;
  }

  /** Whatever the kind, its metadata is of a type that is built in. */
  private static JsonObject withTypedMetadata(JsonObject body) {
    return body.get("metadata").orElse(JsonNull.NULL) instanceof JsonObject metadata
        ? body.with("metadata", TypedForm.of(metadata, ObjectMetaSchema.SCHEMA))
        : body;
  }

  /** Refuses or warns of fields that the kind does not have, as the request wants it. */
  static void remarkUnknown(
      RequestContext context, Target target, JsonObject body, FieldValidation validation) {
    if (validation != FieldValidation.IGNORE) {
      var findings = UnknownFields.find(body, target.version().schema(), Set.of());
      remark(context, body, findings, validation);
    }
  }

  private static void remark(
      RequestContext context, JsonObject body, List<String> findings, FieldValidation validation) {
    if (!findings.isEmpty() && validation == FieldValidation.STRICT) {
      throw UnknownFields.refusal(body, findings);
    }
    findings.forEach(context.warnings());
  }

  /** The object with the defaults of its kind. */
  static KubeObject defaulted(Target target, JsonObject object) {
    return new KubeObject(
        target.definition().origin() == Origin.CUSTOM
            ? Defaulter.apply(object, target.version().schema())
            : target.definition().hooks().applyDefaults(target.version().name(), object));
  }
}
