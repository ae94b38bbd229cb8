package dev.nacelle.api.selector;

import dev.nacelle.api.schema.NameFormats;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** One condition on one label. */
record Requirement(String key, Operator operator, SortedSet<String> values) {

  /** The conditions, with the text between key and values. */
  enum Operator {
    EQUALS("="),
    DOUBLE_EQUALS("=="),
    NOT_EQUALS("!="),
    IN(" in "),
    NOT_IN(" notin "),
    EXISTS(""),
    DOES_NOT_EXIST("!"),
    GREATER(">"),
    LESS("<");

    private final String text;

    Operator(String text) {
      this.text = text;
    }
  }

  /** A requirement that is not well formed; the message is upstream's. */
  static final class InvalidException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    InvalidException(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }

    String reason() {
      return reason;
    }
  }

  static Requirement checked(String key, Operator operator, Iterable<String> values)
      throws InvalidException {
    var sorted = new TreeSet<String>();
    values.forEach(sorted::add);
    checkKey("key", key);
    switch (operator) {
      case IN, NOT_IN ->
          check(
              !sorted.isEmpty(),
              "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
      case EQUALS, DOUBLE_EQUALS, NOT_EQUALS ->
          check(
              sorted.size() == 1,
              "values: Invalid value: exact-match compatibility requires one single value");
      case EXISTS, DOES_NOT_EXIST ->
          check(
              sorted.isEmpty(),
              "values: Invalid value: values set must be empty for exists and does not exist");
      case GREATER, LESS -> {
        check(
            sorted.size() == 1,
            "values: Invalid value: for 'Gt', 'Lt' operators, exactly one value is required");
        check(
            isInteger(sorted.first()),
            "values[0]: Invalid value: \""
                + sorted.first()
                + "\": for 'Gt', 'Lt' operators, the value must be an integer");
      }
    }
    int index = 0;
    for (String value : sorted) {
      List<String> wrong = NameFormats.labelValue(value);
      check(
          wrong.isEmpty(),
          "values["
              + index
              + "]["
              + key
              + "]: Invalid value: \""
              + value
              + "\": "
              + String.join("; ", wrong));
      index++;
    }
    return new Requirement(key, operator, sorted);
  }

  static void checkKey(String path, String key) throws InvalidException {
    List<String> wrong = NameFormats.qualifiedName(key);
    check(wrong.isEmpty(), path + ": Invalid value: \"" + key + "\": " + String.join("; ", wrong));
  }

  private static void check(boolean holds, String message) throws InvalidException {
    if (!holds) {
      throw new InvalidException(message);
    }
  }

  private static boolean isInteger(String text) {
    try {
      Long.parseLong(text);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  boolean matches(Map<String, String> labels) {
    String value = labels.get(key);
    return switch (operator) {
      case EQUALS, DOUBLE_EQUALS, IN -> value != null && values.contains(value);
      case NOT_EQUALS, NOT_IN -> value == null || !values.contains(value);
      case EXISTS -> value != null;
      case DOES_NOT_EXIST -> value == null;
      case GREATER ->
          value != null
              && isInteger(value)
              && Long.parseLong(value) > Long.parseLong(values.first());
      case LESS ->
          value != null
              && isInteger(value)
              && Long.parseLong(value) < Long.parseLong(values.first());
    };
  }

  @Override
  public String toString() {
    return switch (operator) {
      case IN, NOT_IN -> key + operator.text + "(" + String.join(",", values) + ")";
      case EXISTS -> key;
      case DOES_NOT_EXIST -> "!" + key;
      case EQUALS, DOUBLE_EQUALS, NOT_EQUALS, GREATER, LESS -> key + operator.text + values.first();
    };
  }
}
