package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Something that happened to an object. */
final class EventKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Event", "v1", "Event", "events", "ev")
          .columns(
              Column.of("Last Seen", "string", (e, now) -> Json.of(lastSeen(e, now)))
                  .describedAs("Time since it was last seen."),
              Cells.text("Type", e -> e.json().string("type").orElse(""))
                  .describedAs("Normal or Warning."),
              Cells.text("Reason", e -> e.json().string("reason").orElse(""))
                  .describedAs("Why, in one word."),
              Cells.text("Object", EventKind::target).describedAs("What it happened to."),
              Cells.text(
                      "Subobject", e -> e.json().string("involvedObject", "fieldPath").orElse(""))
                  .describedAs("Which part of the object.")
                  .wide(),
              Cells.text("Source", EventKind::source).describedAs("Who reports it.").wide(),
              Cells.text("Message", e -> e.json().string("message").orElse("").strip())
                  .describedAs("What happened."),
              Column.of("First Seen", "string", (e, now) -> Json.of(firstSeen(e, now)))
                  .describedAs("Time since it was first seen.")
                  .wide(),
              Cells.count("Count", EventKind::occurrences)
                  .describedAs("How often it was seen.")
                  .wide(),
              Cells.NAME.wide())
          .selectable(
              "involvedObject.kind",
              "involvedObject.namespace",
              "involvedObject.name",
              "involvedObject.uid",
              "involvedObject.apiVersion",
              "involvedObject.resourceVersion",
              "involvedObject.fieldPath",
              "reason",
              "reportingComponent",
              "type")
          .selectable(new SelectableField("source", EventKind::sourceComponent))
          .hooks(new EventHooks())
          .build();

  private EventKind() {}

  private static String firstSeen(KubeObject event, Instant now) {
    return Cells.age(event.instant("firstTimestamp").or(() -> event.instant("eventTime")), now);
  }

  private static String lastSeen(KubeObject event, Instant now) {
    if (event.json().has("series")) {
      return Cells.age(event.instant("series", "lastObservedTime"), now);
    }
    Optional<Instant> last = event.instant("lastTimestamp");
    return last.isPresent() ? Cells.age(last, now) : firstSeen(event, now);
  }

  private static long occurrences(KubeObject event) {
    return event.json().has("series")
        ? event.json().integer("series", "count").orElse(0)
        : Math.max(1, event.json().integer("count").orElse(1));
  }

  private static String target(KubeObject event) {
    String kind = event.json().string("involvedObject", "kind").orElse("").toLowerCase(Locale.ROOT);
    String name = event.json().string("involvedObject", "name").orElse("");
    return name.isEmpty() ? kind : kind + "/" + name;
  }

  private static String source(KubeObject event) {
    String component = firstOf(event, "reportingComponent", "component");
    String instance = firstOf(event, "reportingInstance", "host");
    return instance.isEmpty() ? component : component + ", " + instance;
  }

  private static String sourceComponent(KubeObject event) {
    return event
        .json()
        .string("source", "component")
        .filter(c -> !c.isEmpty())
        .or(() -> event.json().string("reportingComponent"))
        .orElse("");
  }

  private static String firstOf(KubeObject event, String own, String ofSource) {
    return event
        .json()
        .string(own)
        .filter(text -> !text.isEmpty())
        .or(() -> event.json().string("source", ofSource))
        .orElse("");
  }
}
