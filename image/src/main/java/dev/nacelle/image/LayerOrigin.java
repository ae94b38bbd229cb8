package dev.nacelle.image;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.Repository;
import java.util.List;
import java.util.Optional;

/**
 * Where the chunks of a layer come from, so that another process can go on fetching them: kept
 * beside the layer, with what the registry wants to see, until the layer is whole.
 *
 * @param repository in full, {@code registry/path}
 */
record LayerOrigin(String repository, Descriptor chunks, Optional<Credential> credential) {
  /** So many registries of a layer are kept. */
  private static final int MOST = 4;

  /** Of earlier ones those that are kept behind this: of other repositories, the newest first. */
  List<LayerOrigin> before(List<LayerOrigin> earlier) {
    return earlier.stream()
        .filter(o -> !o.repository().equals(repository))
        .limit(MOST - 1L)
        .toList();
  }

  /** The form of several, the newest first. */
  static JsonObject toJson(List<LayerOrigin> origins) {
    List<Json> each = origins.stream().map(LayerOrigin::toJson).map(Json.class::cast).toList();
    return JsonObject.builder().put("origins", new JsonArray(each)).build();
  }

  /**
   * Reads several, or the one that earlier versions wrote.
   *
   * @throws ImageException if one has no blob of chunks
   */
  static List<LayerOrigin> allOf(JsonObject json) {
    List<JsonObject> each = json.array("origins").objects().toList();
    return (each.isEmpty() ? List.of(json) : each).stream().map(LayerOrigin::of).toList();
  }

  Repository open(RegistryClient registries) {
    return registries.repository(
        ImageReference.parse(repository + "@" + chunks.digest()), credential);
  }

  private JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder().put("repository", repository).put("chunks", chunks.toJson());
    switch (credential.orElse(null)) {
      case null -> {}
      case Credential.UserPassword(String user, String password) ->
          json.put("user", user).put("password", password);
      case Credential.IdentityToken(String token) -> json.put("identityToken", token);
      case Credential.RegistryToken(String token) -> json.put("registryToken", token);
    }
    return json.build();
  }

  private static LayerOrigin of(JsonObject json) {
    Optional<Credential> user =
        json.string("user")
            .map(u -> new Credential.UserPassword(u, json.string("password").orElse("")));
    Optional<Credential> identity = json.string("identityToken").map(Credential.IdentityToken::new);
    Optional<Credential> registry = json.string("registryToken").map(Credential.RegistryToken::new);
    return new LayerOrigin(
        json.string("repository").orElse(""),
        Descriptor.of(json.object("chunks")),
        user.or(() -> identity).or(() -> registry));
  }
}
