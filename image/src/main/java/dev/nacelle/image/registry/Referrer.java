package dev.nacelle.image.registry;

import dev.nacelle.base.json.JsonObject;
import java.util.Map;

/**
 * A manifest that refers to another one, as a list of referrers has it.
 *
 * @param descriptor of the referring manifest
 */
public record Referrer(
    Descriptor descriptor, String artifactType, Map<String, String> annotations) {
  public Referrer {
    annotations = Map.copyOf(annotations);
  }

  static Referrer of(JsonObject json) {
    return new Referrer(
        Descriptor.of(json), json.string("artifactType").orElse(""), json.strings("annotations"));
  }

  JsonObject toJson() {
    var json = descriptor.toJson().toBuilder().put("artifactType", artifactType);
    return annotations.isEmpty()
        ? json.build()
        : json.putStrings("annotations", new java.util.TreeMap<>(annotations)).build();
  }
}
