package dev.nacelle.api.kinds.apiextensions;

import dev.nacelle.api.custom.CustomDefinitions;
import dev.nacelle.api.custom.UnenforcedRules;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What definitions of custom kinds do beyond their own schema. */
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
    return CustomDefinitions.validate(object);
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    return CustomDefinitions.validateUpdate(object, old);
  }

  @Override
  public List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    return UnenforcedRules.warnings(object);
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
}
