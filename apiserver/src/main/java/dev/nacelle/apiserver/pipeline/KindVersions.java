package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.apply.Versions;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.base.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The versions of a kind as field ownership sees them, for a write to one subresource. */
record KindVersions(ResourceDefinition definition, String subresource) implements Versions {

  @Override
  public Optional<Schema> schema(String apiVersion) {
    return version(apiVersion).map(VersionDefinition::schema);
  }

  private Optional<VersionDefinition> version(String apiVersion) {
    var parsed = GroupVersionKind.of(apiVersion, "");
    return parsed.group().equals(definition.group())
        ? definition.versions().stream().filter(v -> v.name().equals(parsed.version())).findFirst()
        : Optional.empty();
  }

  @Override
  public JsonObject convert(JsonObject object, String apiVersion) {
    String from = GroupVersionKind.of(object.string("apiVersion").orElse(""), "").version();
    String to = GroupVersionKind.of(apiVersion, "").version();
    return from.equals(to) ? object : ObjectFormat.convert(definition, object, from, to);
  }

  @Override
  public Set<List<String>> resetFields() {
    var paths = new HashSet<>(definition.hooks().resetFields(subresource));
    if (definition.origin() == Origin.CUSTOM) {
      boolean hasStatus = definition.versions().stream().anyMatch(VersionDefinition::hasStatus);
      if (subresource.isEmpty() && hasStatus) {
        paths.add(List.of("status"));
      } else if (subresource.equals("status")) {
        paths.add(List.of("spec"));
        paths.add(List.of("metadata"));
      }
    }
    return paths;
  }
}
