package dev.nacelle.api.status;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonWriter;
import java.util.List;
import java.util.Optional;

/**
 * One wrong field, worded as {@code k8s.io/apimachinery/pkg/util/validation/field} words it.
 *
 * @param field the path, such as {@code spec.ports[0].port}
 * @param value the offending value, where the message shows it
 */
public record FieldError(Type type, String field, Optional<Json> value, String detail) {

  /** The kinds of error, with the reason and the words of upstream. */
  public enum Type {
    NOT_FOUND("FieldValueNotFound", "Not found"),
    REQUIRED("FieldValueRequired", "Required value"),
    DUPLICATE("FieldValueDuplicate", "Duplicate value"),
    INVALID("FieldValueInvalid", "Invalid value"),
    NOT_SUPPORTED("FieldValueNotSupported", "Unsupported value"),
    FORBIDDEN("FieldValueForbidden", "Forbidden"),
    TOO_LONG("FieldValueTooLong", "Too long"),
    TOO_MANY("FieldValueTooMany", "Too many"),
    INTERNAL("InternalError", "Internal error"),
    TYPE_INVALID("FieldValueTypeInvalid", "Invalid value");

    private final String reason;
    private final String words;

    Type(String reason, String words) {
      this.reason = reason;
      this.words = words;
    }

    public String reason() {
      return reason;
    }
  }

  public static FieldError required(String field, String detail) {
    return new FieldError(Type.REQUIRED, field, Optional.empty(), detail);
  }

  public static FieldError invalid(String field, Json value, String detail) {
    return new FieldError(Type.INVALID, field, Optional.of(value), detail);
  }

  public static FieldError duplicate(String field, Json value) {
    return new FieldError(Type.DUPLICATE, field, Optional.of(value), "");
  }

  public static FieldError forbidden(String field, String detail) {
    return new FieldError(Type.FORBIDDEN, field, Optional.empty(), detail);
  }

  public static FieldError notFound(String field, Json value) {
    return new FieldError(Type.NOT_FOUND, field, Optional.of(value), "");
  }

  /** The supported values are named in the order given. */
  public static FieldError notSupported(String field, Json value, List<String> supported) {
    var quoted = supported.stream().map(s -> '"' + s + '"').toList();
    String detail = quoted.isEmpty() ? "" : "supported values: " + String.join(", ", quoted);
    return new FieldError(Type.NOT_SUPPORTED, field, Optional.of(value), detail);
  }

  public static FieldError tooLong(String field, int maxBytes) {
    return new FieldError(
        Type.TOO_LONG, field, Optional.empty(), "may not be more than " + maxBytes + " bytes");
  }

  public static FieldError tooMany(String field, int actual, int most) {
    return new FieldError(
        Type.TOO_MANY, field, Optional.of(Json.of(actual)), "must have at most " + most + " items");
  }

  /** The message without the field: {@code Invalid value: "x": must be ...}. */
  public String body() {
    var text = new StringBuilder(type.words);
    value.ifPresent(v -> text.append(": ").append(shown(v)));
    if (!detail.isEmpty()) {
      text.append(": ").append(detail);
    }
    return text.toString();
  }

  /** The whole message: {@code spec.x: Invalid value: ...}. */
  public String message() {
    return field + ": " + body();
  }

  public Status.Cause toCause() {
    return new Status.Cause(type.reason(), body(), field);
  }

  private static String shown(Json value) {
    return JsonWriter.write(value).toUtf8();
  }
}
