package dev.nacelle.apiserver.storage;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.kinds.shared.StoredElsewhere;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.schema.Defaulter;
import dev.nacelle.api.schema.Pruner;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The stored form of an object: compact JSON in the stored version whose members begin with kind,
 * apiVersion and metadata, and whose metadata has no resourceVersion (it is not known before the
 * commit). The order makes the place where a resourceVersion is spliced in findable without
 * parsing.
 */
public final class ObjectFormat {
  private static final byte[] METADATA = ascii("\"metadata\":{");

  private ObjectFormat() {}

  /** The prefix of the keys of a kind; that of another kind where the kind is a view of it. */
  public static String storePrefix(ResourceDefinition definition) {
    return definition.hooks() instanceof StoredElsewhere view
        ? "/registry/"
            + (view.storedGroup().isEmpty() ? "core" : view.storedGroup())
            + "/"
            + definition.names().plural()
            + "/"
        : definition.storePrefix();
  }

  /** The key of one object. */
  public static String storeKey(ResourceDefinition definition, ObjectKey key) {
    return storePrefix(definition)
        + (key.namespace().isEmpty() ? key.name() : key.namespace() + "/" + key.name());
  }

  /** The bytes to store for an object that is in {@code version}. */
  public static Bytes encode(ResourceDefinition definition, String version, KubeObject object) {
    VersionDefinition stored = definition.storedVersion();
    JsonObject json = object.json();
    if (definition.hooks() instanceof StoredElsewhere view) {
      json = view.toStored(json);
    } else if (!stored.name().equals(version)) {
      json = convert(definition, json, version, stored.name());
    }
    return JsonWriter.write(canonical(json.withoutAt("metadata", "resourceVersion")));
  }

  /** A built-in object as it is stored under a revision, without reading its bytes back. */
  static Optional<KubeObject> asStored(
      ResourceDefinition definition, String version, KubeObject object, long revision) {
    boolean isSame =
        definition.origin() == Origin.BUILT_IN
            && !(definition.hooks() instanceof StoredElsewhere)
            && version.equals(definition.storedVersion().name());
    return isSame
        ? Optional.of(
            new KubeObject(canonical(object.json()))
                .withMetadata("resourceVersion", Json.of(Long.toString(revision))))
        : Optional.empty();
  }

  /** Bytes of an object for a reply, the resourceVersion included. */
  public static Bytes encodeReply(KubeObject object) {
    return JsonWriter.write(canonical(object.json()));
  }

  /** The object with kind, apiVersion and metadata as its first members. */
  static JsonObject canonical(JsonObject json) {
    var ordered = JsonObject.builder();
    ordered.putIf("kind", json.get("kind"));
    ordered.putIf("apiVersion", json.get("apiVersion"));
    ordered.put("metadata", json.object("metadata"));
    json.members()
        .forEach(
            (name, value) -> {
              if (!name.equals("kind") && !name.equals("apiVersion") && !name.equals("metadata")) {
                ordered.put(name, value);
              }
            });
    return ordered.build();
  }

  /** Reads stored bytes as an object of a version, its resourceVersion set. */
  static KubeObject decode(
      ResourceDefinition definition, String version, Bytes stored, long revision) {
    JsonObject json = JsonReader.readObject(stored);
    if (definition.hooks() instanceof StoredElsewhere view) {
      json = view.fromStored(json);
    }
    String storedAs = versionOf(json);
    if (!storedAs.equals(version)) {
      json = convert(definition, json, storedAs, version);
    }
    if (definition.origin() == Origin.CUSTOM) {
      var schema = definition.version(version).orElse(definition.storedVersion()).schema();
      json = Defaulter.apply(Pruner.prune(json, schema), schema);
    } else if (!storedAs.equals(version)) {
      json = definition.hooks().applyDefaults(version, json);
    }
    return new KubeObject(
        revision == 0
            ? json
            : json.with(
                "metadata",
                json.object("metadata").with("resourceVersion", Json.of(Long.toString(revision)))));
  }

  /** The object in another version of its kind. */
  public static JsonObject convert(
      ResourceDefinition definition, JsonObject json, String from, String to) {
    JsonObject converted = definition.hooks().convert(json, from, to);
    return converted.with("apiVersion", Json.of(definition.kind(to).apiVersion()));
  }

  private static String versionOf(JsonObject json) {
    String apiVersion = json.string("apiVersion").orElse("");
    return apiVersion.substring(apiVersion.indexOf('/') + 1);
  }

  /** Where in stored bytes the members of metadata begin. */
  static int metadataStart(Bytes stored) {
    byte[] bytes = stored.unsafeArray();
    outer:
    for (int i = 0; i + METADATA.length <= bytes.length; i++) {
      for (int j = 0; j < METADATA.length; j++) {
        if (bytes[i + j] != METADATA[j]) {
          continue outer;
        }
      }
      return i + METADATA.length;
    }
    throw new IllegalStateException("a stored object has no metadata");
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
