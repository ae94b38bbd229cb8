package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Where a chunked list goes on, in upstream's form.
 *
 * @param revision of the snapshot; -1 to go on in the newest state
 * @param after the last key that was given, without the kind's prefix
 */
record ContinueToken(long revision, String after) {
  private static final String VERSION = "meta.k8s.io/v1";

  String encode() {
    JsonObject json =
        JsonObject.builder()
            .put("v", VERSION)
            .put("rv", revision)
            .put("start", after + "\u0000")
            .build();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(JsonWriter.write(json).toUtf8().getBytes(StandardCharsets.UTF_8));
  }

  static ContinueToken decode(String text) {
    try {
      JsonObject json = JsonReader.readObject(Bytes.wrap(Base64.getUrlDecoder().decode(text)));
      String start = json.string("start").orElse("");
      long revision = json.integer("rv").orElse(0);
      if (!json.string("v").orElse("").equals(VERSION)
          || !start.endsWith("\u0000")
          || revision == 0) {
        throw invalid("unrecognized encoded form");
      }
      String after = start.substring(0, start.length() - 1);
      if (after.startsWith("/") || !after.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
        throw invalid("invalid start key");
      }
      return new ContinueToken(revision, after);
    } catch (IllegalArgumentException | JsonSyntaxException e) {
      throw invalid(String.valueOf(e.getMessage()));
    }
  }

  private static ApiException invalid(String why) {
    return ApiException.badRequest("continue key is not valid: " + why);
  }
}
