package dev.nacelle.api.kinds.apiextensions;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What definitions of custom kinds do beyond their schema. Whether their schemas are structural is
 * another's to check, where schemas are compiled.
 */
final class CustomResourceDefinitionHooks implements KindHooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object).in("spec", CustomResourceDefinitionHooks::spec).done();
  }

  private static JsonObject spec(JsonObject spec) {
    return Edit.of(spec)
        .text("scope", "Namespaced")
        .in(
            "names",
            names -> {
              String kind = names.string("kind").orElse("");
              Edit edit = Edit.of(names);
              return kind.isEmpty()
                  ? names
                  : edit.text("singular", kind.toLowerCase(Locale.ROOT))
                      .text("listKind", kind + "List")
                      .done();
            })
        .absent("conversion", JsonObject.builder().put("strategy", "None").build())
        .done();
  }

  /** The stored version is among the stored ones from the start. */
  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    JsonObject status =
        JsonObject.builder()
            .put("storedVersions", JsonArray.ofStrings(storageVersions(object)))
            .build();
    return KindHooks.withGeneration(object.withStatus(status), 1);
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject updated = KindHooks.updated(object, old);
    List<String> stored =
        new ArrayList<>(updated.status().array("storedVersions").strings().toList());
    boolean changed = false;
    for (String version : storageVersions(updated)) {
      if (!stored.contains(version)) {
        stored.add(version);
        changed = true;
      }
    }
    return changed
        ? updated.withStatus(updated.status().with("storedVersions", JsonArray.ofStrings(stored)))
        : updated;
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(object, old, "spec");
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    String plural = object.spec().string("names", "plural").orElse("");
    String wanted = plural + "." + spec.text("group");
    if (!object.name().equals(wanted)) {
      errors.add(
          FieldError.invalid(
              "metadata.name",
              Json.of(object.name()),
              "must be spec.names.plural+\".\"+spec.group"));
    }
    if (spec.text("group").isEmpty()) {
      spec.required("group", "");
    } else {
      spec.matches("group", Formats::dnsSubdomain);
      if (!spec.text("group").contains(".")) {
        spec.invalid("group", "should be a domain with at least one dot");
      }
    }
    spec.oneOf("scope", "Cluster", "Namespaced");
    spec.in("names", (item, at) -> names(Check.of(item, at, errors)));
    versions(spec);
    String strategy = object.spec().string("conversion", "strategy").orElse("None");
    if (!List.of("None", "Webhook").contains(strategy)) {
      errors.add(
          FieldError.notSupported(
              "spec.conversion.strategy", Json.of(strategy), List.of("None", "Webhook")));
    }
    if (object.spec().bool("preserveUnknownFields").orElse(false)) {
      spec.invalid("preserveUnknownFields", "must be false");
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    Check.of(object.spec(), "spec", errors)
        .immutable("group", old.spec())
        .immutable("scope", old.spec())
        .in(
            "names",
            (names, at) ->
                Check.of(names, at, errors)
                    .immutable("plural", old.spec().object("names"))
                    .immutable("kind", old.spec().object("names")));
    List<String> present =
        object.spec().array("versions").objects().map(v -> v.string("name").orElse("")).toList();
    List<String> stored = old.status().array("storedVersions").strings().toList();
    for (int i = 0; i < stored.size(); i++) {
      if (!present.contains(stored.get(i))) {
        errors.add(
            FieldError.invalid(
                "status.storedVersions[" + i + "]",
                Json.of(stored.get(i)),
                "missing from spec.versions; "
                    + stored.get(i)
                    + " was previously a storage version, and must remain in spec.versions until a"
                    + " storage migration ensures no data remains persisted in "
                    + stored.get(i)
                    + " and removes "
                    + stored.get(i)
                    + " from status.storedVersions"));
      }
    }
    return errors;
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status")
        ? Set.of(List.of("spec"), List.of("metadata"))
        : STATUS_FIELDS;
  }

  private static List<String> storageVersions(KubeObject definition) {
    return definition
        .spec()
        .array("versions")
        .objects()
        .filter(version -> version.bool("storage").orElse(false))
        .map(version -> version.string("name").orElse(""))
        .toList();
  }

  private static void names(Check names) {
    names.needs("plural", Formats::dns1035Label).matches("singular", Formats::dns1035Label);
    for (String name : List.of("kind", "listKind")) {
      if (names.text(name).isEmpty()) {
        names.required(name, "");
      } else {
        Formats.addInvalid(
            names.at(name),
            Json.of(names.text(name)),
            Formats.dns1035Label(names.text(name).toLowerCase(Locale.ROOT)).stream()
                .map(fault -> "may have mixed case, but should otherwise match: " + fault)
                .toList(),
            names.errors());
      }
    }
    if (!names.text("kind").isEmpty() && names.text("kind").equals(names.text("listKind"))) {
      names.invalid("listKind", "kind and listKind may not be the same");
    }
    names
        .eachText("shortNames", Formats::dns1035Label)
        .eachText("categories", Formats::dns1035Label);
  }

  private static void versions(Check spec) {
    if (spec.object().array("versions").isEmpty()) {
      spec.required("versions", "must have at least one version");
      return;
    }
    spec.unique("versions", "name");
    long storing =
        spec.object()
            .array("versions")
            .objects()
            .filter(version -> version.bool("storage").orElse(false))
            .count();
    if (storing != 1) {
      spec.invalid("versions", "must have exactly one version marked as storage version");
    }
    spec.each(
        "versions",
        (item, at) -> {
          Check version = Check.of(item, at, spec.errors());
          version.needs("name", Formats::dns1035Label);
          if (item.object("schema").has("openAPIV3Schema")) {
            String type = item.string("schema", "openAPIV3Schema", "type").orElse("");
            if (!type.equals("object")) {
              spec.errors()
                  .add(
                      FieldError.invalid(
                          at + ".schema.openAPIV3Schema.type", Json.of(type), "must be object"));
            }
          } else {
            spec.errors()
                .add(FieldError.required(at + ".schema.openAPIV3Schema", "schemas are required"));
          }
        });
  }
}
