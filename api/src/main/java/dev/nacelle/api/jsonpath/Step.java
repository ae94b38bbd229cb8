package dev.nacelle.api.jsonpath;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** One step of a path: from a value to those it selects. */
sealed interface Step {

  Stream<Json> from(Json value);

  /** A member by name. */
  record Member(String name) implements Step {
    @Override
    public Stream<Json> from(Json value) {
      return value instanceof JsonObject o ? o.get(name).stream() : Stream.empty();
    }
  }

  /** All members or items. */
  record Wildcard() implements Step {
    @Override
    public Stream<Json> from(Json value) {
      return children(value);
    }
  }

  /** Items by position; negative positions count from the end. */
  record Slice(OptionalInt start, OptionalInt end, int stride) implements Step {
    @Override
    public Stream<Json> from(Json value) {
      if (!(value instanceof JsonArray array)) {
        return Stream.empty();
      }
      int size = array.size();
      int low = clamp(start.orElse(0), size);
      int high = clamp(end.orElse(size), size);
      var result = new ArrayList<Json>();
      for (long i = low; i < high; i += stride) {
        result.add(array.get((int) i));
      }
      return result.stream();
    }

    private static int clamp(int position, int size) {
      return Math.clamp(position < 0 ? (long) position + size : position, 0, size);
    }
  }

  /** One item; a negative index counts from the end. */
  record Index(int index) implements Step {
    @Override
    public Stream<Json> from(Json value) {
      if (!(value instanceof JsonArray array)) {
        return Stream.empty();
      }
      long at = index < 0 ? (long) index + array.size() : index;
      return at >= 0 && at < array.size() ? Stream.of(array.get((int) at)) : Stream.empty();
    }
  }

  /** Several steps from the same value. */
  record Union(List<Step> steps) implements Step {
    @Override
    public Stream<Json> from(Json value) {
      return steps.stream().flatMap(s -> s.from(value));
    }
  }

  /** The value and all below it. */
  record Descent() implements Step {
    @Override
    public Stream<Json> from(Json value) {
      return Stream.concat(Stream.of(value), children(value).flatMap(this::from));
    }
  }

  /** The items for which a comparison holds. */
  record Filter(Operand left, Comparison comparison, Operand right) implements Step {
    @Override
    public Stream<Json> from(Json value) {
      return value instanceof JsonArray a
          ? a.items().stream().filter(this::accepts)
          : Stream.empty();
    }

    private boolean accepts(Json item) {
      Optional<Json> l = left.value(item);
      Optional<Json> r = right.value(item);
      return switch (comparison) {
        case EXISTS -> l.isPresent();
        case EQUAL -> l.isPresent() && l.equals(r);
        case NOT_EQUAL -> l.isPresent() && r.isPresent() && !l.equals(r);
        case LESS -> order(l, r).stream().anyMatch(o -> o < 0);
        case LESS_OR_EQUAL -> order(l, r).stream().anyMatch(o -> o <= 0);
        case GREATER -> order(l, r).stream().anyMatch(o -> o > 0);
        case GREATER_OR_EQUAL -> order(l, r).stream().anyMatch(o -> o >= 0);
      };
    }

    private static OptionalInt order(Optional<Json> left, Optional<Json> right) {
      if (left.isEmpty() || right.isEmpty()) {
        return OptionalInt.empty();
      }
      return switch (left.get()) {
        case JsonNumber l when right.get() instanceof JsonNumber r ->
            OptionalInt.of(Double.compare(l.doubleValue(), r.doubleValue()));
        case JsonString l when right.get() instanceof JsonString r ->
            OptionalInt.of(l.value().compareTo(r.value()));
        case JsonBoolean l when right.get() instanceof JsonBoolean r ->
            OptionalInt.of(l.compareTo(r));
        case Json other -> OptionalInt.empty();
      };
    }
  }

  /** How a filter compares. */
  enum Comparison {
    EXISTS,
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL
  }

  /** A side of a comparison: a literal, or a path from the item. */
  sealed interface Operand {
    Optional<Json> value(Json item);
  }

  /** A literal. */
  record Literal(Json json) implements Operand {
    @Override
    public Optional<Json> value(Json item) {
      return Optional.of(json);
    }
  }

  /** A path from the item. */
  record Relative(List<Step> steps) implements Operand {
    @Override
    public Optional<Json> value(Json item) {
      Stream<Json> at = Stream.of(item);
      for (Step step : steps) {
        at = at.flatMap(step::from);
      }
      return at.findFirst();
    }
  }

  private static Stream<Json> children(Json value) {
    return switch (value) {
      case JsonObject o -> o.members().values().stream();
      case JsonArray a -> a.items().stream();
      case Json scalar -> Stream.empty();
    };
  }
}
