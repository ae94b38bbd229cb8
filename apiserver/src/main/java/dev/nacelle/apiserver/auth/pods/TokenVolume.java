package dev.nacelle.apiserver.auth.pods;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The projected volume by which a container finds the API: a token of a bit over an hour, the
 * cluster's authority, and its namespace.
 */
final class TokenVolume {
  private static final String PREFIX = "kube-api-access-";
  private static final String MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
  private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
  private static final int SUFFIX_LENGTH = 5;

  /** Seven more than an hour, so that a token made for this volume can be told from others. */
  private static final long TOKEN_SECONDS = 3_607;

  private static final JsonObject SOURCE = source();

  private final RandomGenerator random;

  TokenVolume(RandomGenerator random) {
    this.random = random;
  }

  /** The spec with the volume mounted in every container that has nothing at the usual path. */
  JsonObject mounted(JsonObject spec) {
    Optional<String> present = presentIn(spec);
    String volume = present.orElseGet(() -> PREFIX + suffix());
    JsonObject result = withMounts(spec, "initContainers", volume);
    result = withMounts(result, "containers", volume);
    boolean isNeeded = !result.equals(spec);
    if (isNeeded && present.isEmpty()) {
      JsonObject added = JsonObject.builder().put("name", volume).put("projected", SOURCE).build();
      result = result.with("volumes", result.array("volumes").plus(added));
    }
    return result;
  }

  /** The spec with the volume that it has mounted in its ephemeral containers, too. */
  static JsonObject mountedInEphemeral(JsonObject spec) {
    return presentIn(spec).map(v -> withMounts(spec, "ephemeralContainers", v)).orElse(spec);
  }

  private static Optional<String> presentIn(JsonObject spec) {
    return spec.array("volumes")
        .objects()
        .filter(v -> v.string("name").orElse("").startsWith(PREFIX))
        .filter(v -> v.object("projected").equals(SOURCE))
        .flatMap(v -> v.string("name").stream())
        .findFirst();
  }

  private static JsonObject withMounts(JsonObject spec, String list, String volume) {
    if (spec.array(list).isEmpty()) {
      return spec;
    }
    var containers = new ArrayList<Json>();
    spec.array(list).objects().map(c -> withMount(c, volume)).forEach(containers::add);
    return spec.with(list, new JsonArray(containers));
  }

  private static JsonObject withMount(JsonObject container, String volume) {
    boolean isTaken =
        container
            .array("volumeMounts")
            .objects()
            .anyMatch(m -> m.string("mountPath").orElse("").equals(MOUNT_PATH));
    if (isTaken) {
      return container;
    }
    JsonObject mount =
        JsonObject.builder()
            .put("name", volume)
            .put("readOnly", true)
            .put("mountPath", MOUNT_PATH)
            .build();
    return container.with("volumeMounts", container.array("volumeMounts").plus(mount));
  }

  private String suffix() {
    var result = new StringBuilder();
    for (int i = 0; i < SUFFIX_LENGTH; i++) {
      result.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return result.toString();
  }

  private static JsonObject source() {
    JsonObject token =
        JsonObject.builder().put("expirationSeconds", TOKEN_SECONDS).put("path", "token").build();
    JsonObject authority =
        JsonObject.builder()
            .put("name", "kube-root-ca.crt")
            .put("items", JsonArray.of(item("key", "ca.crt", "ca.crt")))
            .build();
    JsonObject namespace =
        JsonObject.builder()
            .put("path", "namespace")
            .put(
                "fieldRef",
                JsonObject.builder()
                    .put("apiVersion", "v1")
                    .put("fieldPath", "metadata.namespace")
                    .build())
            .build();
    JsonObject downward = JsonObject.builder().put("items", JsonArray.of(namespace)).build();
    List<Json> sources =
        List.of(
            JsonObject.builder().put("serviceAccountToken", token).build(),
            JsonObject.builder().put("configMap", authority).build(),
            JsonObject.builder().put("downwardAPI", downward).build());
    return JsonObject.builder()
        .put("sources", new JsonArray(sources))
        .put("defaultMode", 420)
        .build();
  }

  private static JsonObject item(String name, String value, String path) {
    return JsonObject.builder().put(name, value).put("path", path).build();
  }
}
