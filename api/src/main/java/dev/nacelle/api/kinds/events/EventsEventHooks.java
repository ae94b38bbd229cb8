package dev.nacelle.api.kinds.events;

import dev.nacelle.api.kinds.shared.StoredElsewhere;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

final class EventsEventHooks implements StoredElsewhere {
  /** Members of the view, and their names in the core group. */
  private static final Map<String, String> CORE_NAMES =
      Map.of(
          "regarding", "involvedObject",
          "note", "message",
          "reportingController", "reportingComponent",
          "deprecatedSource", "source",
          "deprecatedFirstTimestamp", "firstTimestamp",
          "deprecatedLastTimestamp", "lastTimestamp",
          "deprecatedCount", "count");

  private static final Map<String, String> VIEW_NAMES = new LinkedHashMap<>();

  static {
    CORE_NAMES.forEach((view, core) -> VIEW_NAMES.put(core, view));
  }

  @Override
  public String storedGroup() {
    return "";
  }

  @Override
  public JsonObject toStored(JsonObject view) {
    return renamed(view, CORE_NAMES, "v1");
  }

  @Override
  public JsonObject fromStored(JsonObject stored) {
    return renamed(stored, VIEW_NAMES, "events.k8s.io/v1");
  }

  private static JsonObject renamed(JsonObject event, Map<String, String> names, String version) {
    var result = JsonObject.builder();
    event.members().forEach((name, value) -> result.put(names.getOrDefault(name, name), value));
    return result.put("apiVersion", Json.of(version)).build();
  }
}
