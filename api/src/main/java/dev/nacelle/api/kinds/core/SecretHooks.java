package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** What Secrets do beyond their schema. */
final class SecretHooks implements KindHooks {
  /** The keys that a type demands. */
  private static final Map<String, List<String>> NEEDED =
      Map.of(
          "kubernetes.io/dockercfg", List.of(".dockercfg"),
          "kubernetes.io/dockerconfigjson", List.of(".dockerconfigjson"),
          "kubernetes.io/ssh-auth", List.of("ssh-privatekey"),
          "kubernetes.io/tls", List.of("tls.crt", "tls.key"));

  /** The type is Opaque unless it says otherwise; {@code stringData} only ever comes in. */
  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    Edit edit = Edit.of(object).text("type", "Opaque");
    Map<String, String> texts = object.strings("stringData");
    if (!texts.isEmpty()) {
      Edit data = Edit.of(object.object("data"));
      texts.forEach(
          (key, value) ->
              data.set(
                  key,
                  Json.of(
                      Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)))));
      edit.set("data", data.done());
    }
    return edit.remove("stringData").done();
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    JsonObject json = object.json();
    KeyedData.keys(json, "data", errors);
    if (KeyedData.decodedSizeBytes(json, "data", errors) > KeyedData.MAX_SIZE_BYTES) {
      errors.add(FieldError.tooLong("data", KeyedData.MAX_SIZE_BYTES));
    }
    String type = json.string("type").orElse("");
    for (String key : NEEDED.getOrDefault(type, List.of())) {
      if (!json.object("data").has(key)) {
        errors.add(FieldError.required("data[" + key + "]", ""));
      }
    }
    if (type.equals("kubernetes.io/basic-auth")
        && !json.object("data").has("username")
        && !json.object("data").has("password")) {
      errors.add(FieldError.required("data[username]", ""));
      errors.add(FieldError.required("data[password]", ""));
    }
    if (type.equals("kubernetes.io/service-account-token")
        && object.annotation("kubernetes.io/service-account.name").orElse("").isEmpty()) {
      errors.add(
          FieldError.required("metadata.annotations[kubernetes.io/service-account.name]", ""));
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    Check.of(object.json(), "", errors).immutable("type", old.json());
    KeyedData.frozen(object.json(), old.json(), List.of("data"), errors);
    return errors;
  }
}
