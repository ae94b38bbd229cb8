package dev.nacelle.apiserver.http;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.definition.Subresource;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The discovery documents, legacy and aggregated, made from the registry as it is now. */
final class Discovery {
  private final ResourceRegistry registry;

  Discovery(ResourceRegistry registry) {
    this.registry = registry;
  }

  /** The versions of each group in their order; the core group too. */
  private Map<String, Set<String>> groups() {
    var groups = new LinkedHashMap<String, Set<String>>();
    for (ResourceDefinition definition : registry.all()) {
      for (VersionDefinition version : definition.versions()) {
        if (version.isServed()) {
          groups
              .computeIfAbsent(definition.group(), g -> new LinkedHashSet<>())
              .add(version.name());
        }
      }
    }
    groups.replaceAll((group, versions) -> VersionOrder.sorted(versions));
    return groups;
  }

  /** {@code /api}. */
  JsonObject coreVersions(String serverAddress) {
    return JsonObject.builder()
        .put("kind", "APIVersions")
        .put("versions", JsonArray.ofStrings(groups().getOrDefault("", Set.of())))
        .put(
            "serverAddressByClientCIDRs",
            JsonArray.of(
                JsonObject.builder()
                    .put("clientCIDR", "0.0.0.0/0")
                    .put("serverAddress", serverAddress)
                    .build()))
        .build();
  }

  /** {@code /apis}. */
  JsonObject groupList() {
    var items = new ArrayList<Json>();
    groups()
        .forEach(
            (group, versions) -> {
              if (!group.isEmpty()) {
                items.add(group(group, versions));
              }
            });
    return JsonObject.builder()
        .put("kind", "APIGroupList")
        .put("apiVersion", "v1")
        .put("groups", new JsonArray(items))
        .build();
  }

  /** {@code /apis/GROUP}. */
  Optional<JsonObject> group(String name) {
    Set<String> versions = groups().get(name);
    if (versions == null || name.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        JsonObject.builder().put("kind", "APIGroup").put("apiVersion", "v1").build().toBuilder()
            .put("name", name)
            .put("versions", group(name, versions).array("versions"))
            .put("preferredVersion", group(name, versions).object("preferredVersion"))
            .build());
  }

  private static JsonObject group(String name, Set<String> versions) {
    var items = new ArrayList<Json>();
    for (String version : versions) {
      items.add(
          JsonObject.builder()
              .put("groupVersion", name + "/" + version)
              .put("version", version)
              .build());
    }
    return JsonObject.builder()
        .put("name", name)
        .put("versions", new JsonArray(items))
        .put("preferredVersion", items.getFirst())
        .build();
  }

  /** {@code /api/v1} or {@code /apis/GROUP/VERSION}. */
  Optional<JsonObject> resources(String group, String version) {
    var items = new ArrayList<Json>();
    boolean known = false;
    for (ResourceDefinition definition : registry.all()) {
      Optional<VersionDefinition> served = definition.version(version);
      if (definition.group().equals(group) && served.isPresent()) {
        known = true;
        items.add(resource(definition, served.get()));
        for (Subresource subresource : served.get().subresources()) {
          items.add(subresource(definition, served.get(), subresource));
        }
      }
    }
    if (!known) {
      return Optional.empty();
    }
    items.sort(java.util.Comparator.comparing(i -> ((JsonObject) i).string("name").orElse("")));
    return Optional.of(
        JsonObject.builder()
            .put("kind", "APIResourceList")
            .put("apiVersion", "v1")
            .put("groupVersion", group.isEmpty() ? version : group + "/" + version)
            .put("resources", new JsonArray(items))
            .build());
  }

  private static JsonObject resource(ResourceDefinition definition, VersionDefinition version) {
    var names = definition.names();
    var result =
        JsonObject.builder()
            .put("name", names.plural())
            .put("singularName", names.singular())
            .put("namespaced", definition.isNamespaced())
            .put("kind", names.kind())
            .put("verbs", JsonArray.ofStrings(version.verbs()));
    if (!names.shortNames().isEmpty()) {
      result.put("shortNames", JsonArray.ofStrings(names.shortNames()));
    }
    if (!names.categories().isEmpty()) {
      result.put("categories", JsonArray.ofStrings(names.categories()));
    }
    return result.build();
  }

  private static JsonObject subresource(
      ResourceDefinition definition, VersionDefinition version, Subresource subresource) {
    var result =
        JsonObject.builder()
            .put("name", definition.names().plural() + "/" + subresource.name())
            .put("singularName", "")
            .put("namespaced", definition.isNamespaced());
    GroupVersionKind own = definition.kind(version.name());
    GroupVersionKind kind = subresource.kind().orElse(own);
    if (!kind.group().equals(own.group()) || !kind.version().equals(own.version())) {
      result.put("group", kind.group()).put("version", kind.version());
    }
    return result
        .put("kind", kind.kind())
        .put("verbs", JsonArray.ofStrings(subresource.verbs()))
        .build();
  }

  /**
   * The aggregated document of {@code /api} or {@code /apis}.
   *
   * @param apiVersion v2 or v2beta1
   */
  JsonObject aggregated(String apiVersion, boolean isCore) {
    var items = new ArrayList<Json>();
    groups()
        .forEach(
            (group, versions) -> {
              if (group.isEmpty() == isCore) {
                items.add(aggregatedGroup(group, versions));
              }
            });
    return JsonObject.builder()
        .put("kind", "APIGroupDiscoveryList")
        .put("apiVersion", "apidiscovery.k8s.io/" + apiVersion)
        .put("metadata", JsonObject.EMPTY)
        .put("items", new JsonArray(items))
        .build();
  }

  private JsonObject aggregatedGroup(String group, Set<String> versions) {
    var items = new ArrayList<Json>();
    for (String version : versions) {
      var resources = new ArrayList<Json>();
      for (ResourceDefinition definition : registry.all()) {
        if (definition.group().equals(group)) {
          definition
              .version(version)
              .ifPresent(served -> resources.add(aggregatedResource(definition, served)));
        }
      }
      resources.sort(
          java.util.Comparator.comparing(i -> ((JsonObject) i).string("resource").orElse("")));
      items.add(
          JsonObject.builder()
              .put("version", version)
              .put("resources", new JsonArray(resources))
              .put("freshness", "Current")
              .build());
    }
    JsonObject metadata =
        group.isEmpty() ? JsonObject.EMPTY : JsonObject.builder().put("name", group).build();
    return JsonObject.builder()
        .put("metadata", metadata)
        .put("versions", new JsonArray(items))
        .build();
  }

  private static JsonObject aggregatedResource(
      ResourceDefinition definition, VersionDefinition version) {
    var names = definition.names();
    GroupVersionKind own = definition.kind(version.name());
    var result =
        JsonObject.builder()
            .put("resource", names.plural())
            .put("responseKind", kind(own))
            .put("scope", definition.isNamespaced() ? "Namespaced" : "Cluster")
            .put("singularResource", names.singular())
            .put("verbs", JsonArray.ofStrings(version.verbs()));
    if (!names.shortNames().isEmpty()) {
      result.put("shortNames", JsonArray.ofStrings(names.shortNames()));
    }
    if (!names.categories().isEmpty()) {
      result.put("categories", JsonArray.ofStrings(names.categories()));
    }
    if (!version.subresources().isEmpty()) {
      var subresources = new ArrayList<Json>();
      for (Subresource subresource : version.subresources()) {
        subresources.add(
            JsonObject.builder()
                .put("subresource", subresource.name())
                .put("responseKind", kind(subresource.kind().orElse(own)))
                .put("verbs", JsonArray.ofStrings(subresource.verbs()))
                .build());
      }
      result.put("subresources", new JsonArray(subresources));
    }
    return result.build();
  }

  private static JsonObject kind(GroupVersionKind kind) {
    return JsonObject.builder()
        .put("group", kind.group())
        .put("version", kind.version())
        .put("kind", kind.kind())
        .build();
  }

  /** Paths of the root document. */
  List<String> groupPaths() {
    var paths = new ArrayList<String>();
    paths.add("/api");
    paths.add("/apis");
    groups()
        .forEach(
            (group, versions) -> {
              if (!group.isEmpty()) {
                paths.add("/apis/" + group);
              }
              for (String version : versions) {
                paths.add(group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version);
              }
            });
    return paths;
  }
}
