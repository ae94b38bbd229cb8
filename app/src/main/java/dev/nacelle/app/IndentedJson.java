package dev.nacelle.app;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;

/** JSON for people: a member or an item a line, two spaces deeper in each object. */
final class IndentedJson {
  private IndentedJson() {}

  static String write(Json json) {
    var out = new StringBuilder();
    write(json, "\n", out);
    return out.toString();
  }

  private static void write(Json json, String newline, StringBuilder out) {
    String deeper = newline + "  ";
    switch (json) {
      case JsonObject object when !object.isEmpty() -> {
        char separator = '{';
        for (var member : object.members().entrySet()) {
          out.append(separator).append(deeper);
          out.append(JsonWriter.write(Json.of(member.getKey())).toUtf8()).append(": ");
          write(member.getValue(), deeper, out);
          separator = ',';
        }
        out.append(newline).append('}');
      }
      case JsonArray array when !array.isEmpty() -> {
        char separator = '[';
        for (Json item : array) {
          out.append(separator).append(deeper);
          write(item, deeper, out);
          separator = ',';
        }
        out.append(newline).append(']');
      }
      default -> out.append(JsonWriter.write(json).toUtf8());
    }
  }
}
