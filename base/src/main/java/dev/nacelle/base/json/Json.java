package dev.nacelle.base.json;

/**
 * An immutable JSON value. Equality is by value; two objects are equal whatever the order of their
 * members, an integer equals a decimal of the same value. Safe for any thread.
 */
public sealed interface Json
    permits JsonObject, JsonArray, JsonString, JsonNumber, JsonBoolean, JsonNull {

  static Json of(String value) {
    return new JsonString(value);
  }

  static Json of(long value) {
    return new JsonNumber.Integer(value);
  }

  static Json of(double value) {
    return new JsonNumber.Decimal(value);
  }

  static Json of(boolean value) {
    return value ? JsonBoolean.TRUE : JsonBoolean.FALSE;
  }

  static Json nullValue() {
    return JsonNull.NULL;
  }

  /**
   * The name of the type as an API message spells it: object, array, string, integer, number,
   * boolean or null.
   */
  default String typeName() {
    return switch (this) {
      case JsonObject o -> "object";
      case JsonArray a -> "array";
      case JsonString s -> "string";
      case JsonNumber.Integer i -> "integer";
      case JsonNumber.Decimal d -> "number";
      case JsonBoolean b -> "boolean";
      case JsonNull n -> "null";
    };
  }
}
