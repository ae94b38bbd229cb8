package dev.nacelle.api;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;

/** JSON for tests, written with single quotes. */
public final class Trees {
  private Trees() {}

  public static Json json(String text) {
    return JsonReader.read(Bytes.utf8(text.replace('\'', '"')));
  }

  public static JsonObject object(String text) {
    return (JsonObject) json(text);
  }

  public static KubeObject kube(String text) {
    return new KubeObject(object(text));
  }

  /** A schema; its references are looked up among its own {@code definitions}. */
  public static Schema schema(String text) {
    JsonObject source = object(text);
    return parse(source, source);
  }

  private static Schema parse(JsonObject source, JsonObject root) {
    return Schema.parse(source, name -> parse(root.object("definitions", name), root));
  }
}
