package dev.nacelle.apiserver.http;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Server-side printing: {@code meta.k8s.io/v1 Table} and {@code PartialObjectMetadata}. */
final class Tables {
  private Tables() {}

  /** What a row carries besides its cells. */
  enum IncludeObject {
    NONE,
    METADATA,
    OBJECT;

    static IncludeObject of(String query) {
      return switch (query) {
        case "None" -> NONE;
        case "Object" -> OBJECT;
        default -> METADATA;
      };
    }
  }

  /** Whether the table says what its columns are. */
  enum Heading {
    FULL,
    NONE
  }

  static JsonObject table(
      Target target,
      List<KubeObject> objects,
      JsonObject metadata,
      IncludeObject include,
      Heading heading,
      Instant now) {
    List<Column> columns = target.version().columns();
    var rows = new ArrayList<Json>();
    for (KubeObject object : objects) {
      rows.add(row(columns, object, include, now));
    }
    var table =
        JsonObject.builder()
            .put("kind", "Table")
            .put("apiVersion", "meta.k8s.io/v1")
            .put("metadata", metadata);
    table.put(
        "columnDefinitions",
        heading == Heading.NONE
            ? Json.nullValue()
            : new JsonArray(columns.stream().map(Tables::definition).toList()));
    return table.put("rows", new JsonArray(rows)).build();
  }

  private static Json definition(Column column) {
    return JsonObject.builder()
        .put("name", column.name())
        .put("type", column.type())
        .put("format", column.format())
        .put("description", column.description())
        .put("priority", column.priority())
        .build();
  }

  private static Json row(
      List<Column> columns, KubeObject object, IncludeObject include, Instant now) {
    var cells = new ArrayList<Json>();
    for (Column column : columns) {
      Json cell = column.cell().value(object, now);
      cells.add(column.type().equals("date") ? age(cell, now) : cell);
    }
    var row = JsonObject.builder().put("cells", new JsonArray(cells));
    switch (include) {
      case NONE -> {}
      case METADATA -> row.put("object", metadataOnly(object));
      case OBJECT -> row.put("object", object.json());
    }
    return row.build();
  }

  /** A date of a custom kind is shown as upstream shows it: how long ago it was. */
  private static Json age(Json cell, Instant now) {
    if (!(cell instanceof JsonString date)) {
      return cell;
    }
    try {
      return Json.of(
          Cells.age(
              Optional.of(
                  DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(date.value(), Instant::from)),
              now));
    } catch (DateTimeParseException e) {
      // built-in kinds give the age itself
      return cell;
    }
  }

  static JsonObject metadataOnly(KubeObject object) {
    return JsonObject.builder()
        .put("kind", "PartialObjectMetadata")
        .put("apiVersion", "meta.k8s.io/v1")
        .put("metadata", object.metadata())
        .build();
  }
}
