package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The rules of {@code metadata} that hold for every kind, built-in or custom; the pipeline asks
 * them itself, {@link dev.nacelle.api.definition.Hooks} do not repeat them. Messages are upstream's
 * ({@code ValidateObjectMeta}, {@code ValidateObjectMetaUpdate}). Pure.
 */
public final class MetadataValidation {
  private static final int MAX_ANNOTATIONS_BYTES = 256 * 1024;
  private static final List<String> STANDARD_FINALIZERS =
      List.of("kubernetes", "orphan", "foregroundDeletion");
  private static final List<String> IMMUTABLE =
      List.of("name", "namespace", "uid", "creationTimestamp", "deletionGracePeriodSeconds");

  private MetadataValidation() {}

  /** What is wrong with the metadata of an object that is to be created; its name is set. */
  public static List<FieldError> onCreate(ResourceDefinition definition, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    NameRule rule =
        definition.hooks() instanceof KindHooks hooks ? hooks.nameRule() : NameRule.DNS_SUBDOMAIN;
    if (!object.generateName().isEmpty()) {
      Formats.addInvalid(
          "metadata.generateName",
          Json.of(object.generateName()),
          rule.prefixFaults(object.generateName()),
          errors);
    }
    if (object.name().isEmpty()) {
      errors.add(FieldError.required("metadata.name", "name or generateName is required"));
    } else {
      Formats.addInvalid(
          "metadata.name", Json.of(object.name()), rule.faults(object.name()), errors);
    }
    namespace(definition, object, errors);
    common(object, errors);
    return errors;
  }

  /** What is wrong with the metadata of an object that is to replace {@code old}. */
  public static List<FieldError> onUpdate(KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    for (String field : IMMUTABLE) {
      Json before = old.metadata().get(field).orElse(JsonNull.NULL);
      Json now = object.metadata().get(field).orElse(JsonNull.NULL);
      if (!Objects.equals(before, now)) {
        errors.add(FieldError.invalid("metadata." + field, now, "field is immutable"));
      }
    }
    if (object.generation() < old.generation()) {
      errors.add(
          FieldError.invalid(
              "metadata.generation", Json.of(object.generation()), "must not be decremented"));
    }
    if (old.isBeingDeleted()) {
      List<String> added =
          object.finalizers().stream()
              .filter(finalizer -> !old.finalizers().contains(finalizer))
              .toList();
      if (!added.isEmpty()) {
        String shown =
            added.stream().map(f -> '"' + f + '"').collect(Collectors.joining(", ", "{", "}"));
        errors.add(
            FieldError.forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, found new"
                    + " finalizers []string"
                    + shown));
      }
    }
    common(object, errors);
    return errors;
  }

  /** Adds what is wrong with labels; also of pod templates and selectors. */
  public static void labels(Map<String, String> labels, String path, List<FieldError> errors) {
    labels.forEach(
        (key, value) -> {
          Formats.addInvalid(path, Json.of(key), Formats.qualifiedName(key), errors);
          Formats.addInvalid(path, Json.of(value), Formats.labelValue(value), errors);
        });
  }

  /** Adds what is wrong with annotations; also of pod templates. */
  public static void annotations(
      Map<String, String> annotations, String path, List<FieldError> errors) {
    long sizeBytes = 0;
    for (var entry : annotations.entrySet()) {
      Formats.addInvalid(
          path,
          Json.of(entry.getKey()),
          Formats.qualifiedName(entry.getKey().toLowerCase(Locale.ROOT)),
          errors);
      sizeBytes += Formats.sizeBytes(entry.getKey()) + Formats.sizeBytes(entry.getValue());
    }
    if (sizeBytes > MAX_ANNOTATIONS_BYTES) {
      errors.add(FieldError.tooLong(path, MAX_ANNOTATIONS_BYTES));
    }
  }

  private static void namespace(
      ResourceDefinition definition, KubeObject object, List<FieldError> errors) {
    String namespace = object.namespace();
    if (!definition.isNamespaced()) {
      if (!namespace.isEmpty()) {
        errors.add(FieldError.forbidden("metadata.namespace", "not allowed on this type"));
      }
    } else if (namespace.isEmpty()) {
      errors.add(FieldError.required("metadata.namespace", ""));
    } else {
      Formats.addInvalid(
          "metadata.namespace", Json.of(namespace), Formats.dnsLabel(namespace), errors);
    }
  }

  private static void common(KubeObject object, List<FieldError> errors) {
    if (object.generation() < 0) {
      errors.add(
          FieldError.invalid(
              "metadata.generation",
              Json.of(object.generation()),
              "must be greater than or equal to 0"));
    }
    labels(object.labels(), "metadata.labels", errors);
    annotations(object.annotations(), "metadata.annotations", errors);
    owners(object.ownerReferences(), errors);
    for (String finalizer : object.finalizers()) {
      finalizer(finalizer, "metadata.finalizers", errors);
    }
  }

  private static void owners(List<OwnerReference> owners, List<FieldError> errors) {
    String path = "metadata.ownerReferences";
    String controller = "";
    int index = 0;
    for (OwnerReference owner : owners) {
      String at = path + "[" + index++ + "]";
      if (owner.apiVersion().isEmpty()) {
        errors.add(
            FieldError.invalid(at + ".apiVersion", Json.of(""), "version must not be empty"));
      }
      if (owner.kind().isEmpty()) {
        errors.add(FieldError.invalid(at + ".kind", Json.of(""), "must not be empty"));
      }
      if (owner.name().isEmpty()) {
        errors.add(FieldError.invalid(at + ".name", Json.of(""), "must not be empty"));
      }
      if (owner.uid().isEmpty()) {
        errors.add(FieldError.invalid(at + ".uid", Json.of(""), "must not be empty"));
      }
      if (owner.apiVersion().equals("v1") && owner.kind().equals("Event")) {
        errors.add(
            FieldError.invalid(
                at, owner.toJson(), "v1, Kind=Event is disallowed from being an owner"));
      }
      if (owner.isController()) {
        if (!controller.isEmpty()) {
          errors.add(
              FieldError.invalid(
                  path,
                  owner.toJson(),
                  "Only one reference can have Controller set to true. Found \"true\" in references"
                      + " for %s and %s".formatted(controller, owner.kind() + "/" + owner.name())));
        }
        controller = owner.kind() + "/" + owner.name();
      }
    }
  }

  private static void finalizer(String name, String path, List<FieldError> errors) {
    Formats.addInvalid(path, Json.of(name), Formats.qualifiedName(name), errors);
    if (!name.contains("/") && !STANDARD_FINALIZERS.contains(name)) {
      errors.add(
          FieldError.invalid(
              path,
              Json.of(name),
              "name is neither a standard finalizer name nor is it fully qualified"));
    }
  }
}
