package dev.nacelle.controllers.shared;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.TreeMap;

/** The label that tells the pods of one template from those of another. */
public final class TemplateHash {
  public static final String LABEL = "pod-template-hash";

  /** No vowels and no digits that look like them: no words come out. */
  private static final String SAFE = "bcdfghjklmnpqrstvwxz2456789";

  private TemplateHash() {}

  /** Equal templates have equal hashes, whatever the order of their members. */
  public static String of(JsonObject template, OptionalLong collisionCount) {
    int hash = fnv32a(0x811c9dc5, JsonWriter.write(canonical(template)).toUtf8());
    if (collisionCount.isPresent()) {
      hash = fnv32a(hash, Long.toString(collisionCount.getAsLong()));
    }
    return safe(hash);
  }

  /** The hash of a template of one owner, apart from those of earlier owners of the same name. */
  public static String ofOwned(JsonObject template, String ownerUid) {
    int hash = fnv32a(0x811c9dc5, JsonWriter.write(canonical(template)).toUtf8());
    return safe(fnv32a(hash, ownerUid));
  }

  private static String safe(int hash) {
    var safe = new StringBuilder();
    for (char digit : Integer.toUnsignedString(hash).toCharArray()) {
      safe.append(SAFE.charAt(digit % SAFE.length()));
    }
    return safe.toString();
  }

  /** Whether two templates are the same but for the hash label. */
  public static boolean sameTemplate(JsonObject a, JsonObject b) {
    return canonical(a.withoutAt("metadata", "labels", LABEL))
        .equals(canonical(b.withoutAt("metadata", "labels", LABEL)));
  }

  /** Without nulls and empty metadata, members sorted: what the text would not tell apart. */
  private static Json canonical(Json value) {
    return switch (value) {
      case JsonObject object -> {
        var sorted = new TreeMap<String, Json>();
        object
            .members()
            .forEach(
                (name, member) -> {
                  boolean emptyMap =
                      member instanceof JsonObject o
                          && o.isEmpty()
                          && (name.equals("labels")
                              || name.equals("annotations")
                              || name.equals("metadata"));
                  if (!(member instanceof JsonNull) && !emptyMap) {
                    sorted.put(name, canonical(member));
                  }
                });
        yield JsonObject.of(sorted);
      }
      case JsonArray array ->
          new JsonArray(array.items().stream().map(TemplateHash::canonical).toList());
      case Json scalar -> scalar;
    };
  }

  private static int fnv32a(int seed, String text) {
    int hash = seed;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x01000193;
    }
    return hash;
  }
}
