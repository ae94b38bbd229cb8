package dev.nacelle.api.custom;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.jsonpath.JsonPath;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The columns of a custom kind: the name, then those of the definition, else the age. */
final class PrinterColumns {
  private static final JsonObject AGE =
      JsonObject.builder()
          .put("name", "Age")
          .put("type", "date")
          .put("jsonPath", ".metadata.creationTimestamp")
          .put(
              "description",
              "CreationTimestamp is a timestamp representing the server time when this object was"
                  + " created.")
          .build();

  private PrinterColumns() {}

  static List<Column> of(JsonArray additional) {
    var columns = new ArrayList<Column>();
    columns.add(Column.of("Name", "string", (object, now) -> Json.of(object.name())));
    JsonArray stated = additional.isEmpty() ? JsonArray.of(AGE) : additional;
    stated.objects().map(PrinterColumns::column).forEach(columns::add);
    return columns;
  }

  private static Column column(JsonObject source) {
    String type = source.string("type").orElse("string");
    JsonPath path = JsonPath.parse(source.string("jsonPath").orElse(""));
    return new Column(
        source.string("name").orElse(""),
        type,
        source.string("format").orElse(""),
        source
            .string("description")
            .orElse("Custom resource definition column (in JSONPath format): " + path),
        (int) source.integer("priority").orElse(0),
        (object, now) -> cell(type, path.find(object.json())));
  }

  /** A value of another type than the column's shows nothing. */
  private static Json cell(String type, List<Json> values) {
    if (values.isEmpty()) {
      return JsonNull.NULL;
    }
    Json value = values.getFirst();
    return switch (type) {
      case "string" ->
          Json.of(values.stream().map(PrinterColumns::text).collect(Collectors.joining(" ")));
      case "integer" -> value instanceof JsonNumber n ? Json.of(n.longValue()) : JsonNull.NULL;
      case "number" -> value instanceof JsonNumber ? value : JsonNull.NULL;
      case "boolean" -> value instanceof JsonBoolean ? value : JsonNull.NULL;
      default -> value instanceof JsonString ? value : JsonNull.NULL;
    };
  }

  private static String text(Json value) {
    return switch (value) {
      case JsonString s -> s.value();
      case JsonNull n -> "";
      case Json other -> JsonWriter.write(other).toUtf8();
    };
  }
}
