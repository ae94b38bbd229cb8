package dev.nacelle.node.volume;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.node.start.FieldValues;
import dev.nacelle.node.start.References;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Computes the files of configMap, secret, downwardAPI and projected volumes. */
final class VolumeFiles {
  private static final int DEFAULT_MODE = 0644;

  private final ServiceAccountTokens tokens;

  VolumeFiles(ServiceAccountTokens tokens) {
    this.tokens = tokens;
  }

  /** Whether the volume is one of these. */
  static boolean serves(JsonObject volume) {
    return volume.has("configMap")
        || volume.has("secret")
        || volume.has("downwardAPI")
        || volume.has("projected");
  }

  /**
   * @throws ConfigurationException if something it refers to is missing; the message is an event's
   */
  Map<String, AtomicDirectory.Content> of(
      PodView pod, JsonObject volume, FieldValues.Host host, References references)
      throws ConfigurationException {
    var files = new LinkedHashMap<String, AtomicDirectory.Content>();
    if (volume.has("projected")) {
      JsonObject projected = volume.object("projected");
      int mode = mode(projected, "defaultMode", DEFAULT_MODE);
      for (JsonObject source : projected.array("sources").objects().toList()) {
        source(pod, source, mode, host, references, files);
      }
    } else {
      JsonObject own =
          volume.has("secret")
              ? volume.object("secret")
              : volume.has("configMap") ? volume.object("configMap") : volume.object("downwardAPI");
      JsonObject source =
          volume.has("secret")
              ? JsonObject.EMPTY.with(
                  "secret", own.with("name", own.get("secretName").orElse(Json.of(""))))
              : volume;
      source(pod, source, mode(own, "defaultMode", DEFAULT_MODE), host, references, files);
    }
    return files;
  }

  private void source(
      PodView pod,
      JsonObject source,
      int mode,
      FieldValues.Host host,
      References references,
      Map<String, AtomicDirectory.Content> files)
      throws ConfigurationException {
    if (source.has("configMap")) {
      JsonObject reference = source.object("configMap");
      var data = new LinkedHashMap<String, Bytes>();
      Optional<KubeObject> object =
          references.find(
              Resources.CONFIG_MAPS, pod.object().namespace(), reference.string("name").orElse(""));
      object.ifPresent(
          o -> {
            o.json().strings("data").forEach((k, v) -> data.put(k, Bytes.utf8(v)));
            o.json().strings("binaryData").forEach((k, v) -> data.put(k, decode(v)));
          });
      keys("configmap", "config", reference, object, data, mode, files, pod);
    }
    if (source.has("secret")) {
      JsonObject reference = source.object("secret");
      var data = new LinkedHashMap<String, Bytes>();
      Optional<KubeObject> object =
          references.find(
              Resources.SECRETS, pod.object().namespace(), reference.string("name").orElse(""));
      object.ifPresent(o -> o.json().strings("data").forEach((k, v) -> data.put(k, decode(v))));
      keys("secret", "secret", reference, object, data, mode, files, pod);
    }
    if (source.has("downwardAPI")) {
      downward(pod, source.object("downwardAPI"), mode, host, files);
    }
    if (source.has("serviceAccountToken")) {
      JsonObject token = source.object("serviceAccountToken");
      files.put(
          token.string("path").orElse("token"),
          new AtomicDirectory.Content(Bytes.utf8(tokens.token(pod, token)), mode));
    }
  }

  private static void keys(
      String resource,
      String word,
      JsonObject reference,
      Optional<KubeObject> object,
      Map<String, Bytes> data,
      int mode,
      Map<String, AtomicDirectory.Content> files,
      PodView pod)
      throws ConfigurationException {
    boolean optional = reference.bool("optional").orElse(false);
    String name = reference.string("name").orElse("");
    if (object.isEmpty() && !optional) {
      throw ConfigurationException.config(resource + " \"" + name + "\" not found");
    }
    List<JsonObject> items = reference.array("items").objects().toList();
    if (items.isEmpty()) {
      data.forEach((k, v) -> files.put(k, new AtomicDirectory.Content(v, mode)));
      return;
    }
    for (JsonObject item : items) {
      Bytes value = data.get(item.string("key").orElse(""));
      if (value == null) {
        if (optional) {
          continue;
        }
        throw ConfigurationException.config(
            "references non-existent "
                + word
                + " key: "
                + item.string("key").orElse("")
                + " in "
                + pod.object().namespace()
                + "/"
                + name);
      }
      files.put(
          item.string("path").orElse(""),
          new AtomicDirectory.Content(value, mode(item, "mode", mode)));
    }
  }

  private static void downward(
      PodView pod,
      JsonObject source,
      int mode,
      FieldValues.Host host,
      Map<String, AtomicDirectory.Content> files)
      throws ConfigurationException {
    for (JsonObject item : source.array("items").objects().toList()) {
      Optional<String> path = item.string("fieldRef", "fieldPath");
      String text;
      if (path.isPresent()) {
        text = FieldValues.field(pod, path.get(), host);
      } else {
        JsonObject reference = item.object("resourceFieldRef");
        JsonObject container =
            reference
                .string("containerName")
                .flatMap(pod::container)
                .map(ContainerView::json)
                .orElse(JsonObject.EMPTY);
        text = FieldValues.resource(container, reference, host);
      }
      files.put(
          item.string("path").orElse(""),
          new AtomicDirectory.Content(Bytes.utf8(text), mode(item, "mode", mode)));
    }
  }

  private static int mode(JsonObject json, String field, int otherwise) {
    return (int) json.integer(field).orElse(otherwise);
  }

  private static Bytes decode(String base64) {
    return Bytes.wrap(Base64.getDecoder().decode(base64));
  }
}
