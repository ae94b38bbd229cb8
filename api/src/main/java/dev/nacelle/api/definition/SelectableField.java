package dev.nacelle.api.definition;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.util.function.Function;

/**
 * A field that field selectors may name, besides {@code metadata.name} and {@code
 * metadata.namespace}.
 *
 * @param path as the selector writes it, for example {@code spec.nodeName}
 */
public record SelectableField(String path, Function<KubeObject, String> value) {

  /** A string (or boolean, or number) at its own path; empty where absent. */
  public static SelectableField at(String path) {
    String[] steps = path.split("\\.");
    return new SelectableField(
        path,
        object ->
            switch (object.json().find(steps).orElse(JsonNull.NULL)) {
              case JsonString s -> s.value();
              case JsonNull n -> "";
              case Json other -> JsonWriter.write(other).toUtf8();
            });
  }
}
