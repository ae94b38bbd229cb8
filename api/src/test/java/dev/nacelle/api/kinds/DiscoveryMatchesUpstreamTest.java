package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.Subresource;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DiscoveryMatchesUpstreamTest {

  @Test
  void namesVerbsAndSubresourcesAreUpstreams() throws IOException {
    for (ResourceDefinition definition : BuiltInKinds.all()) {
      if (definition.group().equals("containers.nacelle.dev")) {
        continue;
      }
      Map<String, String> upstream = upstream(definition);
      assertThat(listed(definition)).isEqualTo(upstream);
    }
  }

  @Test
  void ourOwnKindsKeepTheirFixedNames() {
    var own =
        BuiltInKinds.all().stream()
            .filter(d -> d.group().equals("containers.nacelle.dev"))
            .map(d -> d.names().plural() + d.names().shortNames() + d.names().categories())
            .toList();
    assertThat(own).containsExactly("containergroupprofiles[cgp][]", "ngroups[ng][all]");
  }

  private static Map<String, String> upstream(ResourceDefinition definition) throws IOException {
    String version = definition.storedVersion().name();
    String group = definition.group();
    String file = group.isEmpty() ? "api__" + version : "apis__" + group + "__" + version;
    String plural = definition.names().plural();
    var result = new TreeMap<String, String>();
    for (JsonObject resource :
        Targets.json("openapi/discovery/" + file + ".json").array("resources").objects().toList()) {
      String name = resource.string("name").orElseThrow();
      if (!name.equals(plural) && !name.startsWith(plural + "/")) {
        continue;
      }
      var entry = new LinkedHashMap<String, Object>();
      entry.put("kind", resource.string("kind").orElseThrow());
      entry.put("namespaced", resource.bool("namespaced").orElseThrow());
      if (name.equals(plural)) {
        entry.put("singular", resource.string("singularName").orElse(""));
        entry.put("shortNames", strings(resource.array("shortNames")));
        entry.put("categories", strings(resource.array("categories")));
      } else {
        entry.put("group", resource.string("group").orElse(""));
      }
      entry.put("verbs", strings(resource.array("verbs")));
      result.put(name, entry.toString());
    }
    return result;
  }

  /** As discovery would list the definition, members in the same order as upstream's. */
  private static Map<String, String> listed(ResourceDefinition definition) {
    VersionDefinition version = definition.storedVersion();
    var result = new TreeMap<String, String>();
    var main = new LinkedHashMap<String, Object>();
    main.put("kind", definition.names().kind());
    main.put("namespaced", definition.isNamespaced());
    main.put("singular", definition.names().singular());
    main.put("shortNames", definition.names().shortNames());
    main.put("categories", definition.names().categories());
    main.put("verbs", version.verbs().stream().sorted().toList());
    result.put(definition.names().plural(), main.toString());
    for (Subresource subresource : version.subresources()) {
      var entry = new LinkedHashMap<String, Object>();
      GroupVersionKind own = definition.kind(version.name());
      GroupVersionKind kind = subresource.kind().orElse(own);
      entry.put("kind", kind.kind());
      entry.put("namespaced", definition.isNamespaced());
      entry.put("group", kind.group().equals(own.group()) ? "" : kind.group());
      entry.put("verbs", subresource.verbs().stream().sorted().toList());
      result.put(definition.names().plural() + "/" + subresource.name(), entry.toString());
    }
    return result;
  }

  private static List<String> strings(JsonArray array) {
    return new ArrayList<>(array.strings().toList());
  }
}
