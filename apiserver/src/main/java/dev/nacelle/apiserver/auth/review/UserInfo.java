package dev.nacelle.apiserver.auth.review;

import dev.nacelle.api.client.Identity;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Identities in the API: {@code authentication.k8s.io UserInfo}, and the like in a review. */
final class UserInfo {
  private UserInfo() {}

  static JsonObject of(Identity identity) {
    JsonObject.Builder result = JsonObject.builder();
    if (!identity.user().isEmpty()) {
      result.put("username", identity.user());
    }
    if (!identity.uid().isEmpty()) {
      result.put("uid", identity.uid());
    }
    if (!identity.groups().isEmpty()) {
      result.put("groups", JsonArray.ofStrings(identity.groups()));
    }
    if (!identity.extra().isEmpty()) {
      JsonObject.Builder extra = JsonObject.builder();
      identity.extra().forEach((name, values) -> extra.put(name, JsonArray.ofStrings(values)));
      result.put("extra", extra.build());
    }
    return result.build();
  }

  /** The subject that the spec of a review names. */
  static Identity ofReview(JsonObject spec) {
    Map<String, List<String>> extra = new LinkedHashMap<>();
    spec.object("extra")
        .members()
        .keySet()
        .forEach(name -> extra.put(name, spec.array("extra", name).strings().toList()));
    return new Identity(
        spec.string("user").orElse(""),
        spec.string("uid").orElse(""),
        spec.array("groups").strings().toList(),
        extra);
  }
}
