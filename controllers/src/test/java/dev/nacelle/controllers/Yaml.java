package dev.nacelle.controllers;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;

/** Objects from YAML. */
public final class Yaml {
  private Yaml() {}

  public static KubeObject object(String yaml) {
    return new KubeObject((JsonObject) YamlReader.read(Bytes.utf8(yaml)));
  }

  public static KubeObject object(String format, Object... values) {
    return object(format.formatted(values));
  }
}
