package dev.nacelle.runtime;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What is kept of a container, at the end of its monitor.conf. */
record ContainerRecord(
    String id,
    String sandboxId,
    Instant createdAt,
    Path logPath,
    int attempt,
    Map<String, String> labels,
    String cgroup,
    Set<Stdio> stdio,
    String bootId) {

  JsonObject toJson() {
    return JsonObject.builder()
        .put("id", id)
        .put("sandboxId", sandboxId)
        .put("createdAt", createdAt.toString())
        .put("logPath", logPath.toString())
        .put("attempt", attempt)
        .putStrings("labels", labels)
        .put("cgroup", cgroup)
        .put("stdio", new JsonArray(stdio.stream().map(s -> Json.of(s.name())).toList()))
        .put("bootId", bootId)
        .build();
  }

  static ContainerRecord of(JsonObject json) {
    var stdio = new HashSet<Stdio>();
    for (Json item : json.array("stdio").items()) {
      if (item instanceof JsonString word) {
        stdio.add(Stdio.valueOf(word.value()));
      }
    }
    return new ContainerRecord(
        json.string("id").orElse(""),
        json.string("sandboxId").orElse(""),
        Instant.parse(json.string("createdAt").orElse("1970-01-01T00:00:00Z")),
        Path.of(json.string("logPath").orElse("/dev/null")),
        (int) json.integer("attempt").orElse(0),
        json.strings("labels"),
        json.string("cgroup").orElse(""),
        Set.copyOf(stdio),
        json.string("bootId").orElse(""));
  }
}
