package dev.nacelle.api.selector;

import dev.nacelle.api.selector.Requirement.InvalidException;
import dev.nacelle.api.selector.Requirement.Operator;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which labels are wanted. Immutable, safe for any thread. */
public final class LabelSelector {
  /** Matches every object. */
  public static final LabelSelector EVERYTHING = new LabelSelector(List.of(), true);

  /** Matches no object. */
  public static final LabelSelector NOTHING = new LabelSelector(List.of(), false);

  private final List<Requirement> requirements;
  private final boolean matchesAny;

  private LabelSelector(List<Requirement> requirements, boolean matchesAny) {
    this.requirements =
        requirements.stream().sorted(Comparator.comparing(Requirement::key)).toList();
    this.matchesAny = matchesAny;
  }

  private static LabelSelector of(List<Requirement> requirements) {
    return requirements.isEmpty() ? EVERYTHING : new LabelSelector(requirements, true);
  }

  /**
   * Reads the text form of a request: {@code app=web,tier in (a, b),!old}. Empty text matches all.
   *
   * @throws ApiException with code 400
   */
  public static LabelSelector parse(String text) {
    try {
      return of(LabelSelectorParser.parse(text));
    } catch (InvalidException e) {
      throw ApiException.badRequest(e.reason());
    }
  }

  /**
   * Reads a {@code meta/v1 LabelSelector}. An empty object matches everything; for an absent one
   * use {@link #NOTHING}.
   *
   * @throws ApiException with code 400
   */
  public static LabelSelector of(JsonObject selector) {
    var requirements = new ArrayList<Requirement>();
    try {
      for (var label : selector.strings("matchLabels").entrySet()) {
        requirements.add(
            Requirement.checked(label.getKey(), Operator.EQUALS, List.of(label.getValue())));
      }
      for (JsonObject expression : selector.array("matchExpressions").objects().toList()) {
        String operator = expression.string("operator").orElse("");
        requirements.add(
            Requirement.checked(
                expression.string("key").orElse(""),
                operator(operator),
                expression.array("values").strings().toList()));
      }
    } catch (InvalidException e) {
      throw ApiException.badRequest(e.reason());
    }
    return of(requirements);
  }

  private static Operator operator(String name) throws InvalidException {
    return switch (name) {
      case "In" -> Operator.IN;
      case "NotIn" -> Operator.NOT_IN;
      case "Exists" -> Operator.EXISTS;
      case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
      default ->
          throw new InvalidException("\"" + name + "\" is not a valid label selector operator");
    };
  }

  /** All of these labels with these values, whatever their form. */
  public static LabelSelector ofLabels(Map<String, String> labels) {
    return of(
        labels.entrySet().stream()
            .map(
                e ->
                    new Requirement(
                        e.getKey(), Operator.EQUALS, new TreeSet<>(Set.of(e.getValue()))))
            .toList());
  }

  public boolean matches(Map<String, String> labels) {
    return matchesAny && requirements.stream().allMatch(r -> r.matches(labels));
  }

  /** Whether every object matches. */
  public boolean isEverything() {
    return matchesAny && requirements.isEmpty();
  }

  /** The text form, requirements sorted by key; {@link #parse} reads it again. */
  @Override
  public String toString() {
    return requirements.stream().map(Requirement::toString).collect(Collectors.joining(","));
  }
}
