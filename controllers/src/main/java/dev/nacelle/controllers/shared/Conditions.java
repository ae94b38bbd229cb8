package dev.nacelle.controllers.shared;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;

/** The list {@code conditions} of a status. */
public final class Conditions {
  private Conditions() {}

  public static Optional<JsonObject> find(JsonObject status, String type) {
    return status
        .array("conditions")
        .objects()
        .filter(c -> c.string("type").orElse("").equals(type))
        .findFirst();
  }

  public static Optional<Instant> time(JsonObject condition, String field) {
    return new KubeObject(condition).instant(field);
  }

  /** The status with a condition set; its transition time is kept where its status is the same. */
  public static JsonObject set(
      JsonObject status, String type, String value, String reason, String message, Instant now) {
    return put(status, made(status, type, value, reason, message, now).build());
  }

  /** As {@link #set}, with the observed generation that {@code meta/v1 Condition} has. */
  public static JsonObject setObserved(
      JsonObject status,
      String type,
      String value,
      String reason,
      String message,
      long observedGeneration,
      Instant now) {
    return put(
        status,
        made(status, type, value, reason, message, now)
            .put("observedGeneration", observedGeneration)
            .build());
  }

  private static JsonObject.Builder made(
      JsonObject status, String type, String value, String reason, String message, Instant now) {
    String since =
        find(status, type)
            .filter(c -> c.string("status").orElse("").equals(value))
            .flatMap(c -> c.string("lastTransitionTime"))
            .orElseGet(() -> KubeObject.formatTime(now));
    return JsonObject.builder()
        .put("type", type)
        .put("status", value)
        .put("lastTransitionTime", since)
        .put("reason", reason)
        .put("message", message);
  }

  /** Replaces the condition of the same type, or adds it. */
  public static JsonObject put(JsonObject status, JsonObject condition) {
    String type = condition.string("type").orElse("");
    var result = new ArrayList<Json>();
    boolean replaced = false;
    for (JsonObject present : status.array("conditions").objects().toList()) {
      boolean same = present.string("type").orElse("").equals(type);
      result.add(same ? condition : present);
      replaced |= same;
    }
    if (!replaced) {
      result.add(condition);
    }
    return status.with("conditions", new JsonArray(result));
  }

  public static JsonObject remove(JsonObject status, String type) {
    if (find(status, type).isEmpty()) {
      return status;
    }
    var rest =
        status
            .array("conditions")
            .objects()
            .filter(c -> !c.string("type").orElse("").equals(type))
            .map(Json.class::cast)
            .toList();
    return rest.isEmpty()
        ? status.without("conditions")
        : status.with("conditions", new JsonArray(rest));
  }
}
