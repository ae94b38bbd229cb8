package dev.nacelle.api.custom;

import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The hooks of the kind {@code CustomResourceDefinition} itself: defaults, preparation, validation.
 */
public final class CustomResourceDefinitionHooks implements Hooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    JsonObject result = object;
    String kind = object.string("spec", "names", "kind").orElse("");
    if (object.string("spec", "names", "singular").orElse("").isEmpty()) {
      result = result.withAt(Json.of(kind.toLowerCase(Locale.ROOT)), "spec", "names", "singular");
    }
    if (object.string("spec", "names", "listKind").orElse("").isEmpty() && !kind.isEmpty()) {
      result = result.withAt(Json.of(kind + "List"), "spec", "names", "listKind");
    }
    if (object.find("spec", "conversion").isEmpty()) {
      result = result.withAt(Json.of("None"), "spec", "conversion", "strategy");
    }
    return result;
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    var fresh = new KubeObject(object.json().without("status"));
    return fresh
        .withMetadata("generation", Json.of(1))
        .withStatus(
            JsonObject.builder()
                .put("conditions", JsonArray.EMPTY)
                .put(
                    "acceptedNames", JsonObject.builder().put("kind", "").put("plural", "").build())
                .put("storedVersions", DefinitionStatus.storedVersions(fresh))
                .build());
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    var kept = object.withStatus(old.status());
    boolean changed = !kept.spec().equals(old.spec());
    return kept.withMetadata("generation", Json.of(old.generation() + (changed ? 1 : 0)))
        .withStatus(old.status().with("storedVersions", DefinitionStatus.storedVersions(kept)));
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
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? Set.of(List.of("spec")) : Set.of(List.of("status"));
  }
}
