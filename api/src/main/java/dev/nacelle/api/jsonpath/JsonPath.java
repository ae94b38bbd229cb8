package dev.nacelle.api.jsonpath;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * A JSON path of kubectl's dialect, as printer columns and scale paths use it: members, quoted
 * members, indices, slices, wildcards, recursive descent and filters that compare. Immutable, safe
 * for any thread. Bounded: 10,000 values.
 */
public final class JsonPath {
  static final int MAX_VALUES = 10_000;

  private final String text;
  private final List<Step> steps;

  private JsonPath(String text, List<Step> steps) {
    this.text = text;
    this.steps = List.copyOf(steps);
  }

  /**
   * Reads a path such as {@code .spec.x[0].y}, with or without braces around it.
   *
   * @throws IllegalArgumentException if it is not one; the message is upstream's
   */
  public static JsonPath parse(String text) {
    return new JsonPath(text, new PathParser(text).parse());
  }

  /** The values at the path, in order; empty where a step is absent. */
  public List<Json> find(Json root) {
    List<Json> at = List.of(root);
    for (Step step : steps) {
      at = at.stream().flatMap(step::from).limit(MAX_VALUES).toList();
    }
    return at;
  }

  /** The first value at the path. */
  public Optional<Json> first(Json root) {
    return find(root).stream().findFirst();
  }

  /**
   * The member names of a path that has nothing else, as those of the scale subresource do; empty
   * for other paths.
   */
  public Optional<List<String>> members() {
    return steps.stream().allMatch(Step.Member.class::isInstance)
        ? Optional.of(steps.stream().map(s -> ((Step.Member) s).name()).toList())
        : Optional.empty();
  }

  /**
   * The object with the value at this path set; objects on the way are made.
   *
   * @throws IllegalArgumentException if the path does not consist of members alone
   */
  public JsonObject set(JsonObject root, Json value) {
    List<String> names =
        members()
            .filter(m -> !m.isEmpty())
            .orElseThrow(() -> new IllegalArgumentException("not a path of members: " + text));
    return root.withAt(value, names.toArray(String[]::new));
  }

  @Override
  public String toString() {
    return text;
  }
}
