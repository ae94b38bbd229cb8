package dev.nacelle.api.schema;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.regex.PatternSyntaxException;

/** The keywords of schemas that bind strings and numbers. */
final class ScalarRules {
  private ScalarRules() {}

  static void checkString(String text, Schema schema, String path, List<FieldError> errors) {
    int length = text.codePointCount(0, text.length());
    Optional<Long> least = whole(schema, "minLength");
    if (least.isPresent() && length < least.get()) {
      errors.add(invalid(path, Json.of(text), "should be at least " + least.get() + " chars long"));
    }
    Optional<Long> most = whole(schema, "maxLength");
    if (most.isPresent() && length > most.get()) {
      errors.add(FieldError.tooLong(path, most.get().intValue()));
    }
    if (schema.keyword("pattern").orElse(JsonBoolean.FALSE) instanceof JsonString pattern
        && !matches(pattern.value(), text)) {
      errors.add(invalid(path, Json.of(text), "should match '" + pattern.value() + "'"));
    }
    Optional<String> format = schema.isIntOrString() ? Optional.empty() : schema.format();
    if (format.isPresent() && !Formats.isValid(format.get(), text)) {
      errors.add(
          new FieldError(
              FieldError.Type.TYPE_INVALID,
              path,
              Optional.of(Json.of(text)),
              "%s in body must be of type %s: %s".formatted(path, format.get(), quote(text))));
    }
  }

  /** A pattern that cannot be read or takes too long does not match. */
  private static boolean matches(String pattern, String text) {
    try {
      return GoRegex.compile(pattern).find(text);
    } catch (PatternSyntaxException | GoRegex.TooMuchWorkException e) {
      return false;
    }
  }

  static void checkNumber(JsonNumber number, Schema schema, String path, List<FieldError> errors) {
    BigDecimal value = exact(number);
    Optional<JsonNumber> minimum = number(schema, "minimum");
    if (minimum.isPresent()) {
      boolean exclusive = flag(schema, "exclusiveMinimum");
      int order = value.compareTo(exact(minimum.get()));
      if (exclusive ? order <= 0 : order < 0) {
        String words =
            exclusive ? "should be greater than " : "should be greater than or equal to ";
        errors.add(invalid(path, number, words + text(minimum.get())));
      }
    }
    Optional<JsonNumber> maximum = number(schema, "maximum");
    if (maximum.isPresent()) {
      boolean exclusive = flag(schema, "exclusiveMaximum");
      int order = value.compareTo(exact(maximum.get()));
      if (exclusive ? order >= 0 : order > 0) {
        String words = exclusive ? "should be less than " : "should be less than or equal to ";
        errors.add(invalid(path, number, words + text(maximum.get())));
      }
    }
    Optional<JsonNumber> factor = number(schema, "multipleOf").filter(f -> f.doubleValue() > 0);
    if (factor.isPresent() && !isMultiple(number, factor.get())) {
      errors.add(invalid(path, number, "should be a multiple of " + text(factor.get())));
    }
    boolean int32 = schema.format().filter("int32"::equals).isPresent();
    if (int32 && !schema.isIntOrString() && (int) number.doubleValue() != number.doubleValue()) {
      errors.add(
          FieldError.invalid(
              path, number, "Checked value must be of type integer with format int32 in " + path));
    }
  }

  private static boolean isMultiple(JsonNumber number, JsonNumber factor) {
    if (number instanceof JsonNumber.Integer n && factor instanceof JsonNumber.Integer f) {
      return n.value() % f.value() == 0;
    }
    double quotient = number.doubleValue() / factor.doubleValue();
    return quotient == Math.rint(quotient);
  }

  static Optional<Long> whole(Schema schema, String keyword) {
    return number(schema, keyword).map(JsonNumber::longValue);
  }

  static String text(Json value) {
    return JsonWriter.write(value).toUtf8();
  }

  private static Optional<JsonNumber> number(Schema schema, String keyword) {
    return schema.keyword(keyword).filter(JsonNumber.class::isInstance).map(JsonNumber.class::cast);
  }

  private static boolean flag(Schema schema, String keyword) {
    return schema.keyword(keyword).equals(Optional.of(JsonBoolean.TRUE));
  }

  private static BigDecimal exact(JsonNumber number) {
    return switch (number) {
      case JsonNumber.Integer i -> BigDecimal.valueOf(i.value());
      case JsonNumber.Decimal d -> new BigDecimal(d.value());
    };
  }

  private static FieldError invalid(String path, Json value, String words) {
    return FieldError.invalid(path, value, path + " in body " + words);
  }

  private static String quote(String text) {
    return text(Json.of(text));
  }
}
