package dev.nacelle.apiserver.http;

import dev.nacelle.apiserver.http.OpenApiDefinitions.Served;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The paths of resources as the documents of OpenAPI hold them: what clients look up in them. */
final class OpenApiPaths {
  private OpenApiPaths() {}

  /** Which version of OpenAPI the paths are for: the place of a parameter's type differs. */
  enum Dialect {
    V2,
    V3
  }

  private enum Action {
    LIST("get", "list"),
    POST("post", "create"),
    DELETE_COLLECTION("delete", "deletecollection"),
    GET("get", "get"),
    PUT("put", "update"),
    PATCH("patch", "patch"),
    DELETE("delete", "delete");

    private final String method;
    private final String verb;

    Action(String method, String verb) {
      this.method = method;
      this.verb = verb;
    }

    /** As {@code x-kubernetes-action} names it. */
    String label() {
      return name().replace("_", "").toLowerCase(Locale.ROOT);
    }
  }

  static JsonObject of(List<Served> kinds, Dialect dialect) {
    Map<String, Json> paths = new TreeMap<>();
    for (Served kind : kinds) {
      String base =
          kind.definition().group().isEmpty()
              ? "/api/" + kind.version().name()
              : "/apis/" + kind.definition().group() + "/" + kind.version().name();
      String collection =
          base
              + (kind.definition().isNamespaced() ? "/namespaces/{namespace}/" : "/")
              + kind.definition().names().plural();
      paths.put(
          collection,
          item(kind, dialect, List.of(Action.LIST, Action.POST, Action.DELETE_COLLECTION)));
      if (kind.version().verbs().contains("get")) {
        paths.put(
            collection + "/{name}",
            item(kind, dialect, List.of(Action.GET, Action.PUT, Action.PATCH, Action.DELETE)));
      }
    }
    return JsonObject.of(paths);
  }

  private static JsonObject item(Served kind, Dialect dialect, List<Action> actions) {
    var item = JsonObject.builder();
    for (Action action : actions) {
      if (kind.version().verbs().contains(action.verb)) {
        item.put(action.method, operation(kind, dialect, action));
      }
    }
    return item.build();
  }

  private static JsonObject operation(Served kind, Dialect dialect, Action action) {
    var parameters = new ArrayList<Json>();
    switch (action) {
      case LIST -> {
        for (String name : List.of("continue", "fieldSelector", "labelSelector")) {
          parameters.add(parameter(dialect, name, "string"));
        }
        parameters.add(parameter(dialect, "limit", "integer"));
        parameters.add(parameter(dialect, "resourceVersion", "string"));
        parameters.add(parameter(dialect, "watch", "boolean"));
      }
      case POST, PUT, PATCH -> {
        for (String name : List.of("dryRun", "fieldManager", "fieldValidation")) {
          parameters.add(parameter(dialect, name, "string"));
        }
        if (action == Action.PATCH) {
          parameters.add(parameter(dialect, "force", "boolean"));
        }
      }
      case DELETE, DELETE_COLLECTION -> {
        parameters.add(parameter(dialect, "dryRun", "string"));
        parameters.add(parameter(dialect, "gracePeriodSeconds", "integer"));
        parameters.add(parameter(dialect, "propagationPolicy", "string"));
      }
      case GET -> {}
    }
    return JsonObject.builder()
        .put("operationId", action.label() + operationName(kind))
        .put("parameters", new JsonArray(parameters))
        .put(
            "responses",
            JsonObject.builder()
                .put("200", JsonObject.builder().put("description", "OK").build())
                .put("401", JsonObject.builder().put("description", "Unauthorized").build())
                .build())
        .put("x-kubernetes-action", action.label())
        .put(
            "x-kubernetes-group-version-kind",
            JsonObject.builder()
                .put("group", kind.definition().group())
                .put("kind", kind.definition().names().kind())
                .put("version", kind.version().name())
                .build())
        .build();
  }

  private static String operationName(Served kind) {
    String group = kind.definition().group().isEmpty() ? "core" : kind.definition().group();
    var name = new StringBuilder();
    for (String part : group.split("[.-]", -1)) {
      name.append(capitalized(part));
    }
    return name
        + capitalized(kind.version().name())
        + (kind.definition().isNamespaced() ? "Namespaced" : "")
        + kind.definition().names().kind();
  }

  private static String capitalized(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private static JsonObject parameter(Dialect dialect, String name, String type) {
    var parameter = JsonObject.builder().put("name", name).put("in", "query");
    return switch (dialect) {
      case V2 -> parameter.put("type", type).put("uniqueItems", true).build();
      case V3 ->
          parameter
              .put(
                  "schema", JsonObject.builder().put("type", type).put("uniqueItems", true).build())
              .build();
    };
  }
}
