package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** {@code meta/v1 LabelSelector}: its text, whether it matches, whether it is valid. */
public final class LabelSelectors {
  private LabelSelectors() {}

  /** As a selector in a query: {@code a=1,b in (x,y),!c}, sorted by key. */
  public static String format(JsonObject selector) {
    var parts = new TreeMap<String, String>();
    selector
        .strings("matchLabels")
        .forEach((key, value) -> parts.merge(key, key + "=" + value, (a, b) -> a + "," + b));
    selector
        .array("matchExpressions")
        .objects()
        .forEach(
            expression -> {
              String key = expression.string("key").orElse("");
              String values =
                  String.join(",", new TreeSet<>(expression.array("values").strings().toList()));
              String text =
                  switch (expression.string("operator").orElse("")) {
                    case "In" -> key + " in (" + values + ")";
                    case "NotIn" -> key + " notin (" + values + ")";
                    case "Exists" -> key;
                    case "DoesNotExist" -> "!" + key;
                    default -> "";
                  };
              parts.merge(key, text, (a, b) -> a + "," + b);
            });
    return parts.values().stream().filter(p -> !p.isEmpty()).collect(Collectors.joining(","));
  }

  /** Whether a selector matches labels; an empty selector matches all. */
  public static boolean matches(JsonObject selector, Map<String, String> labels) {
    boolean equalities =
        selector.strings("matchLabels").entrySet().stream()
            .allMatch(entry -> entry.getValue().equals(labels.get(entry.getKey())));
    return equalities
        && selector
            .array("matchExpressions")
            .objects()
            .allMatch(expression -> matchesExpression(expression, labels));
  }

  private static boolean matchesExpression(JsonObject expression, Map<String, String> labels) {
    String key = expression.string("key").orElse("");
    List<String> values = expression.array("values").strings().toList();
    return switch (expression.string("operator").orElse("")) {
      case "In" -> labels.containsKey(key) && values.contains(labels.get(key));
      case "NotIn" -> !labels.containsKey(key) || !values.contains(labels.get(key));
      case "Exists" -> labels.containsKey(key);
      case "DoesNotExist" -> !labels.containsKey(key);
      default -> false;
    };
  }

  public static boolean isEmpty(JsonObject selector) {
    return selector.object("matchLabels").isEmpty() && selector.array("matchExpressions").isEmpty();
  }

  /** Adds what is wrong with a selector. */
  public static void validate(JsonObject selector, String path, List<FieldError> errors) {
    MetadataValidation.labels(selector.strings("matchLabels"), path + ".matchLabels", errors);
    int index = 0;
    for (Json item : selector.array("matchExpressions")) {
      if (item instanceof JsonObject expression) {
        validateExpression(expression, path + ".matchExpressions[" + index + "]", errors);
      }
      index++;
    }
  }

  private static void validateExpression(
      JsonObject expression, String path, List<FieldError> errors) {
    String operator = expression.string("operator").orElse("");
    int values = expression.array("values").size();
    switch (operator) {
      case "In", "NotIn" -> {
        if (values == 0) {
          errors.add(
              FieldError.required(
                  path + ".values", "must be specified when `operator` is 'In' or 'NotIn'"));
        }
      }
      case "Exists", "DoesNotExist" -> {
        if (values > 0) {
          errors.add(
              FieldError.forbidden(
                  path + ".values",
                  "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
      }
      default ->
          errors.add(
              FieldError.invalid(
                  path + ".operator", Json.of(operator), "not a valid selector operator"));
    }
    Formats.addInvalid(
        path + ".key",
        expression.get("key").orElse(JsonNull.NULL),
        Formats.qualifiedName(expression.string("key").orElse("")),
        errors);
    int index = 0;
    for (String value : expression.array("values").strings().toList()) {
      Formats.addInvalid(
          path + ".values[" + index++ + "]", Json.of(value), Formats.labelValue(value), errors);
    }
  }
}
