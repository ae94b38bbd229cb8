package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.util.Map;

/**
 * Writes an OpenAPI v2 document as gnostic's {@code openapi.v2.Document}: the form that kubectl
 * asks for. The numbers are the field numbers of that message.
 */
final class OpenApiProtobuf {
  private OpenApiProtobuf() {}

  static Bytes document(JsonObject json) {
    var out = new Proto();
    out.text(1, json.string("swagger").orElse(""));
    var info = new Proto();
    info.text(1, json.string("info", "title").orElse(""));
    info.text(2, json.string("info", "version").orElse(""));
    out.message(2, info);
    var paths = new Proto();
    json.object("paths")
        .members()
        .forEach((name, item) -> paths.message(2, named(name, pathItem((JsonObject) item))));
    out.message(8, paths);
    var definitions = new Proto();
    json.object("definitions")
        .members()
        .forEach(
            (name, schema) -> definitions.message(1, named(name, schema((JsonObject) schema))));
    out.message(9, definitions);
    return out.bytes();
  }

  private static Proto named(String name, Proto value) {
    var out = new Proto();
    out.text(1, name);
    out.message(2, value);
    return out;
  }

  private static final Map<String, Integer> METHODS =
      Map.of("get", 2, "put", 3, "post", 4, "delete", 5, "patch", 8);

  private static Proto pathItem(JsonObject item) {
    var out = new Proto();
    item.members()
        .forEach(
            (method, operation) -> {
              Integer number = METHODS.get(method);
              if (number != null && operation instanceof JsonObject o) {
                out.message(number, operation(o));
              }
            });
    return out;
  }

  private static Proto operation(JsonObject operation) {
    var out = new Proto();
    out.text(5, operation.string("operationId").orElse(""));
    operation
        .array("parameters")
        .objects()
        .forEach(
            parameter -> {
              var query = new Proto();
              query.text(2, parameter.string("in").orElse(""));
              query.text(4, parameter.string("name").orElse(""));
              query.text(6, parameter.string("type").orElse(""));
              out.message(8, wrapped(1, wrapped(2, wrapped(3, query))));
            });
    var responses = new Proto();
    operation
        .object("responses")
        .members()
        .forEach(
            (code, response) -> {
              var one = new Proto();
              one.text(1, ((JsonObject) response).string("description").orElse(""));
              responses.message(1, named(code, wrapped(1, one)));
            });
    out.message(9, responses);
    extensions(operation, 13, out);
    return out;
  }

  private static Proto wrapped(int number, Proto inner) {
    var out = new Proto();
    out.message(number, inner);
    return out;
  }

  private static Proto schema(JsonObject schema) {
    var out = new Proto();
    schema.members().forEach((name, value) -> keyword(name, value, out));
    extensions(schema, 31, out);
    return out;
  }

  private static void keyword(String name, Json value, Proto out) {
    switch (name) {
      case "$ref" -> out.text(1, text(value));
      case "format" -> out.text(2, text(value));
      case "title" -> out.text(3, text(value));
      case "description" -> out.text(4, text(value));
      case "default" -> out.message(5, any(value));
      case "multipleOf" -> out.real(6, number(value));
      case "maximum" -> out.real(7, number(value));
      case "exclusiveMaximum" -> out.flag(8, value == JsonBoolean.TRUE);
      case "minimum" -> out.real(9, number(value));
      case "exclusiveMinimum" -> out.flag(10, value == JsonBoolean.TRUE);
      case "maxLength" -> out.integer(11, (long) number(value));
      case "minLength" -> out.integer(12, (long) number(value));
      case "pattern" -> out.text(13, text(value));
      case "maxItems" -> out.integer(14, (long) number(value));
      case "minItems" -> out.integer(15, (long) number(value));
      case "uniqueItems" -> out.flag(16, value == JsonBoolean.TRUE);
      case "maxProperties" -> out.integer(17, (long) number(value));
      case "minProperties" -> out.integer(18, (long) number(value));
      case "required" -> array(value).strings().forEach(s -> out.text(19, s));
      case "enum" -> array(value).forEach(v -> out.message(20, any(v)));
      case "additionalProperties" -> out.message(21, additional(value));
      case "type" -> out.message(22, type(value));
      case "items" -> {
        if (value instanceof JsonObject o) {
          out.message(23, wrapped(1, schema(o)));
        }
      }
      case "allOf" -> array(value).objects().forEach(s -> out.message(24, schema(s)));
      case "properties" -> {
        var properties = new Proto();
        if (value instanceof JsonObject o) {
          o.members()
              .forEach(
                  (property, s) -> {
                    if (s instanceof JsonObject each) {
                      properties.message(1, named(property, schema(each)));
                    }
                  });
        }
        out.message(25, properties);
      }
      default -> {
        // extensions come last; what version 2 does not have is left out
      }
    }
  }

  private static Proto additional(Json value) {
    var out = new Proto();
    if (value instanceof JsonObject o) {
      out.message(1, schema(o));
    } else {
      out.flag(2, value == JsonBoolean.TRUE);
    }
    return out;
  }

  private static Proto type(Json value) {
    var out = new Proto();
    if (value instanceof JsonArray all) {
      all.strings().forEach(s -> out.text(1, s));
    } else {
      out.text(1, text(value));
    }
    return out;
  }

  private static void extensions(JsonObject object, int number, Proto out) {
    object
        .members()
        .forEach(
            (name, value) -> {
              if (name.startsWith("x-")) {
                out.message(number, named(name, any(value)));
              }
            });
  }

  /** Any value as YAML text, of which JSON is a part. */
  private static Proto any(Json value) {
    var out = new Proto();
    out.text(2, JsonWriter.write(value).toUtf8());
    return out;
  }

  private static String text(Json value) {
    return value instanceof JsonString(String text) ? text : "";
  }

  private static double number(Json value) {
    return value instanceof JsonNumber n ? n.doubleValue() : 0;
  }

  private static JsonArray array(Json value) {
    return value instanceof JsonArray a ? a : JsonArray.EMPTY;
  }
}
