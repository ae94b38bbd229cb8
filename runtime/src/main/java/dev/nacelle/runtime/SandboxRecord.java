package dev.nacelle.runtime;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What is kept of a sandbox, as sandbox.json.
 *
 * @param bootId of the boot that made it: its namespaces did not survive another one
 */
record SandboxRecord(
    String id,
    Set<SandboxSpec.Option> options,
    String cgroupParent,
    Map<String, String> labels,
    Instant createdAt,
    String bootId,
    boolean stopped) {

  SandboxRecord withStopped() {
    return new SandboxRecord(id, options, cgroupParent, labels, createdAt, bootId, true);
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("id", id)
        .put("options", new JsonArray(options.stream().map(o -> Json.of(o.name())).toList()))
        .put("cgroupParent", cgroupParent)
        .putStrings("labels", labels)
        .put("createdAt", createdAt.toString())
        .put("bootId", bootId)
        .put("stopped", stopped)
        .build();
  }

  static SandboxRecord of(JsonObject json) {
    var options = new HashSet<SandboxSpec.Option>();
    for (Json option : json.array("options").items()) {
      if (option instanceof JsonString word) {
        options.add(SandboxSpec.Option.valueOf(word.value()));
      }
    }
    return new SandboxRecord(
        json.string("id").orElse(""),
        Set.copyOf(options),
        json.string("cgroupParent").orElse(""),
        json.strings("labels"),
        Instant.parse(json.string("createdAt").orElse("1970-01-01T00:00:00Z")),
        json.string("bootId").orElse(""),
        json.bool("stopped").orElse(false));
  }
}
