package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** Columns and cell texts that several kinds share. All are pure. */
public final class Cells {
  public static final String NONE = "<none>";
  public static final String UNKNOWN = "<unknown>";

  public static final Column NAME =
      Column.of("Name", "string", (object, now) -> Json.of(object.name()))
          .describedAs("Name, unique within a namespace; it cannot be changed.");

  public static final Column AGE =
      Column.of("Age", "string", (object, now) -> Json.of(age(object.creationTimestamp(), now)))
          .describedAs("Time since the object was created.");

  /** What kinds without columns of their own show. */
  public static final List<Column> NAME_AND_CREATION =
      List.of(
          NAME,
          Column.of(
                  "Created At",
                  "date",
                  (object, now) ->
                      Json.of(object.json().string("metadata", "creationTimestamp").orElse("")))
              .describedAs("When the object was created."));

  private Cells() {}

  public static Column text(String name, Function<KubeObject, String> value) {
    return Column.of(name, "string", (object, now) -> Json.of(value.apply(object)));
  }

  public static Column number(String name, ToLongFunction<KubeObject> value) {
    return Column.of(name, "integer", (object, now) -> Json.of(value.applyAsLong(object)));
  }

  /** A number in a column that is declared as text. */
  public static Column count(String name, ToLongFunction<KubeObject> value) {
    return Column.of(name, "string", (object, now) -> Json.of(value.applyAsLong(object)));
  }

  /** {@code <unknown>} where the time is not known. */
  public static String age(Optional<Instant> since, Instant now) {
    return since.map(time -> HumanDuration.of(Duration.between(time, now))).orElse(UNKNOWN);
  }

  public static String orNone(String text) {
    return text.isEmpty() ? NONE : text;
  }

  /** {@code a=1,b=2}, sorted. */
  public static String labels(Map<String, String> labels) {
    return orNone(
        new TreeMap<>(labels)
            .entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(",")));
  }

  /** A label selector as its query text; {@code <none>} where it selects all. */
  public static String selector(JsonObject selector) {
    String text = LabelSelectors.format(selector);
    return text.isEmpty() ? NONE : text;
  }

  /** One member of each container of a pod spec, joined by commas. */
  public static String ofContainers(JsonObject podSpec, String member) {
    return podSpec
        .array("containers")
        .objects()
        .map(container -> container.string(member).orElse(""))
        .collect(Collectors.joining(","));
  }

  /** The first {@code most} texts, and how many more there are. */
  public static String atMost(int most, List<String> texts, String none) {
    if (texts.isEmpty()) {
      return none;
    }
    String shown = texts.stream().limit(most).collect(Collectors.joining(","));
    return texts.size() > most ? shown + " + " + (texts.size() - most) + " more..." : shown;
  }

  /** The condition of a type, empty where there is none. */
  public static Optional<JsonObject> condition(JsonArray conditions, String type) {
    return conditions.objects().filter(c -> c.string("type").orElse("").equals(type)).findFirst();
  }

  public static boolean isConditionTrue(JsonArray conditions, String type) {
    return condition(conditions, type).flatMap(c -> c.string("status")).orElse("").equals("True");
  }
}
