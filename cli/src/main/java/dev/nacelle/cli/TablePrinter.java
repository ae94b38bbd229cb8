package dev.nacelle.cli;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints a server-side table as kubectl does. */
final class TablePrinter {
  private TablePrinter() {}

  static void print(JsonObject table, boolean wide, PrintStream out) {
    List<JsonObject> columns = table.array("columnDefinitions").objects().toList();
    var shown = new ArrayList<Integer>();
    for (int i = 0; i < columns.size(); i++) {
      if (wide || columns.get(i).integer("priority").orElse(0) == 0) {
        shown.add(i);
      }
    }
    var lines = new ArrayList<List<String>>();
    lines.add(
        shown.stream()
            .map(i -> columns.get(i).string("name").orElse("").toUpperCase(Locale.ROOT))
            .toList());
    for (JsonObject row : table.array("rows").objects().toList()) {
      JsonArray cells = row.array("cells");
      lines.add(shown.stream().map(i -> i < cells.size() ? text(cells.get(i)) : "").toList());
    }
    int[] widths = new int[shown.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : lines) {
      var text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + 3));
      }
      out.println(text.toString().stripTrailing());
    }
  }

  private static String text(Json cell) {
    return switch (cell) {
      case JsonString s -> s.value();
      case JsonNull n -> "<none>";
      case Json other -> JsonWriter.write(other).toUtf8();
    };
  }
}
