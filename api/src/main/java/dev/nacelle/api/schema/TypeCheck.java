package dev.nacelle.api.schema;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Finds values whose JSON type a built-in kind cannot hold, as upstream's decoder would. A null
 * fits everywhere. Pure.
 */
public final class TypeCheck {
  private static final Pattern QUANTITY =
      Pattern.compile("[+-]?[0-9.]+([eEinumkKMGTP]*[-+]?[0-9]*)");

  private TypeCheck() {}

  /**
   * The message of the first wrong value: {@code json: cannot unmarshal string into Go struct field
   * DeploymentSpec.spec.replicas of type int32}.
   */
  public static Optional<String> firstError(JsonObject object, Schema schema) {
    return members(object, schema, object.string("kind").orElse("Object"), "");
  }

  /** As {@link #firstError}, of {@code metadata} alone: for kinds without Go types. */
  public static Optional<String> firstMetadataError(JsonObject object) {
    return object
        .get("metadata")
        .flatMap(m -> value(m, ObjectMetaSchema.SCHEMA, "ObjectMeta", "metadata"));
  }

  /**
   * @throws dev.nacelle.api.status.ApiException with code 400 and the message {@code Deployment in
   *     version "v1" cannot be handled as a Deployment: ...}
   */
  public static void check(JsonObject object, Schema schema) {
    firstError(object, schema)
        .ifPresent(
            message -> {
              throw UnknownFields.cannotBeHandled(object, message);
            });
  }

  /**
   * As {@link #check}, of {@code metadata} alone: for custom kinds, whose other types are checked
   * by their schema.
   *
   * @throws dev.nacelle.api.status.ApiException with code 400
   */
  public static void checkMetadata(JsonObject object) {
    firstMetadataError(object)
        .ifPresent(
            message -> {
              throw UnknownFields.cannotBeHandled(object, message);
            });
  }

  private static Optional<String> members(
      JsonObject object, Schema schema, String struct, String path) {
    String owner = schema.referenceName().map(TypeCheck::lastSegment).orElse(struct);
    for (var member : object.members().entrySet()) {
      Optional<Schema> property = schema.property(member.getKey());
      Optional<Schema> known = property.or(schema::additionalProperties);
      if (known.isEmpty()) {
        continue;
      }
      String at = property.isEmpty() ? path : join(path, member.getKey());
      Optional<String> error = value(member.getValue(), known.get(), owner, at);
      if (error.isPresent()) {
        return error;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> value(Json value, Schema schema, String struct, String path) {
    if (value instanceof JsonNull || schema.isOpen()) {
      return Optional.empty();
    }
    if (schema.isIntOrString()) {
      return value instanceof JsonString || value instanceof JsonNumber.Integer
          ? Optional.empty()
          : mismatch(value, schema, struct, path);
    }
    if (isQuantity(schema)) {
      return quantity(value, schema, struct, path);
    }
    String type = schema.type().orElse(schema.properties().isEmpty() ? "" : "object");
    boolean fits =
        switch (type) {
          case "object" -> value instanceof JsonObject;
          case "array" -> value instanceof JsonArray;
          case "string" -> value instanceof JsonString;
          case "boolean" -> value instanceof JsonBoolean;
          case "number" -> value instanceof JsonNumber;
          case "integer" -> fitsInteger(value, schema);
          default -> true;
        };
    if (!fits) {
      return mismatch(value, schema, struct, path);
    }
    return switch (value) {
      case JsonObject o -> members(o, schema, struct, path);
      case JsonArray a when schema.items().isPresent() ->
          a.items().stream()
              .map(item -> value(item, schema.items().get(), struct, path))
              .flatMap(Optional::stream)
              .findFirst();
      case JsonString s -> text(s.value(), schema);
      case Json other -> Optional.empty();
    };
  }

  private static boolean fitsInteger(Json value, Schema schema) {
    return value instanceof JsonNumber.Integer i
        && (!schema.format().filter("int32"::equals).isPresent() || (int) i.value() == i.value());
  }

  private static boolean isQuantity(Schema schema) {
    return schema.referenceName().filter(n -> n.endsWith("resource.Quantity")).isPresent()
        || schema.format().filter("quantity"::equals).isPresent();
  }

  private static Optional<String> quantity(Json value, Schema schema, String struct, String path) {
    return switch (value) {
      case JsonNumber n -> Optional.empty();
      case JsonString s ->
          s.value().length() <= 1000 && QUANTITY.matcher(s.value()).matches()
              ? Optional.empty()
              : Optional.of(
                  "quantities must match the regular expression"
                      + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      case Json other -> mismatch(other, schema, struct, path);
    };
  }

  private static Optional<String> text(String text, Schema schema) {
    return switch (schema.format().orElse("")) {
      case "date-time" ->
          Formats.isDateTime(text)
              ? Optional.empty()
              : Optional.of(
                  "parsing time \"%s\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"%s\" as \"2006\""
                      .formatted(text, text));
      case "byte" -> base64(text);
      default -> Optional.empty();
    };
  }

  /** Upstream's decoder passes over line ends. */
  private static Optional<String> base64(String text) {
    String dense = text.replace("\n", "").replace("\r", "");
    try {
      boolean padded = dense.length() % 4 == 0;
      Base64.getDecoder().decode(dense);
      return padded ? Optional.empty() : illegalBase64(dense.length() / 4 * 4);
    } catch (IllegalArgumentException e) {
      int at = 0;
      while (at < dense.length() && isBase64(dense.charAt(at))) {
        at++;
      }
      return illegalBase64(at == dense.length() ? dense.length() / 4 * 4 : at);
    }
  }

  private static boolean isBase64(char c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || c == '+'
        || c == '/';
  }

  private static Optional<String> illegalBase64(int at) {
    return Optional.of("illegal base64 data at input byte " + at);
  }

  private static Optional<String> mismatch(Json value, Schema schema, String struct, String path) {
    boolean toInteger = schema.type().filter("integer"::equals).isPresent();
    String found =
        switch (value) {
          case JsonBoolean b -> "bool";
          case JsonNumber n -> toInteger ? "number " + JsonWriter.write(n).toUtf8() : "number";
          case Json other -> other.typeName();
        };
    return Optional.of(
        "json: cannot unmarshal %s into Go struct field %s.%s of type %s"
            .formatted(found, struct, path, goType(schema)));
  }

  private static String goType(Schema schema) {
    Optional<String> reference = schema.referenceName();
    if (reference.isPresent()) {
      String name = reference.get();
      int last = name.lastIndexOf('.');
      int before = last < 0 ? -1 : name.lastIndexOf('.', last - 1);
      return name.substring(before + 1);
    }
    return switch (schema.type().orElse("")) {
      case "integer" -> schema.format().orElse("int64");
      case "number" -> "float64";
      case "boolean" -> "bool";
      case "array" -> "[]" + schema.items().map(TypeCheck::goType).orElse("interface {}");
      case "object" ->
          schema
              .additionalProperties()
              .map(v -> "map[string]" + goType(v))
              .orElse("map[string]interface {}");
      default -> "string";
    };
  }

  private static String lastSegment(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
