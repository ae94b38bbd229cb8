package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** What the data of ConfigMaps and Secrets have in common. Pure. */
final class KeyedData {
  static final int MAX_SIZE_BYTES = 1 << 20;

  private KeyedData() {}

  /** Adds what is wrong with the keys of a member. */
  static void keys(JsonObject object, String member, List<FieldError> errors) {
    object
        .object(member)
        .members()
        .keySet()
        .forEach(
            key ->
                Formats.addInvalid(
                    member + "[" + key + "]", Json.of(key), Formats.configKey(key), errors));
  }

  static long textSizeBytes(JsonObject object, String member) {
    return object.strings(member).values().stream()
        .mapToLong(value -> value.getBytes(StandardCharsets.UTF_8).length)
        .sum();
  }

  /** The size of base64 values when decoded; adds an error for each that is none. */
  static long decodedSizeBytes(JsonObject object, String member, List<FieldError> errors) {
    long total = 0;
    for (var entry : object.object(member).members().entrySet()) {
      if (entry.getValue() instanceof JsonString s) {
        try {
          total += Base64.getMimeDecoder().decode(s.value()).length;
        } catch (IllegalArgumentException e) {
          errors.add(
              FieldError.invalid(member + "[" + entry.getKey() + "]", s, "illegal base64 data"));
        }
      }
    }
    return total;
  }

  /** Adds an error for each member that an immutable object has changed. */
  static void frozen(
      JsonObject object, JsonObject old, List<String> members, List<FieldError> errors) {
    if (!old.bool("immutable").orElse(false)) {
      return;
    }
    String words = "field is immutable when `immutable` is set";
    if (!object.bool("immutable").orElse(false)) {
      errors.add(FieldError.forbidden("immutable", words));
    }
    for (String member : members) {
      if (!object.object(member).equals(old.object(member))) {
        errors.add(FieldError.forbidden(member, words));
      }
    }
  }
}
