package dev.nacelle.image;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an image says about the containers made from it; the "config" of the OCI image
 * configuration.
 *
 * @param user as the image states it: {@code uid}, {@code uid:gid}, {@code name}, {@code
 *     name:group}; empty for root
 * @param exposedPorts as {@code 80/tcp}
 * @param stopSignal as {@code SIGTERM}; empty for the runtime's default
 */
public record ImageConfig(
    Platform platform,
    List<String> entrypoint,
    List<String> command,
    List<String> environment,
    Optional<String> workingDirectory,
    Optional<String> user,
    List<String> exposedPorts,
    Optional<String> stopSignal,
    List<String> volumes,
    Map<String, String> labels) {

  public ImageConfig {
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
    environment = List.copyOf(environment);
    exposedPorts = List.copyOf(exposedPorts);
    volumes = List.copyOf(volumes);
    labels = Map.copyOf(labels);
  }

  /** Reads the JSON of an image configuration (OCI or Docker); unknown members are passed over. */
  static ImageConfig of(JsonObject json) {
    JsonObject config = json.object("config");
    return new ImageConfig(
        new Platform(
            json.string("os").orElse("linux"),
            json.string("architecture").orElse("amd64"),
            nonEmpty(json.string("variant"))),
        config.array("Entrypoint").strings().toList(),
        config.array("Cmd").strings().toList(),
        config.array("Env").strings().toList(),
        nonEmpty(config.string("WorkingDir")),
        nonEmpty(config.string("User")),
        List.copyOf(config.object("ExposedPorts").members().keySet()),
        nonEmpty(config.string("StopSignal")),
        List.copyOf(config.object("Volumes").members().keySet()),
        config.strings("Labels"));
  }

  /** An image configuration of these members, which {@link #of} reads back. */
  JsonObject toJson() {
    var inner =
        JsonObject.builder()
            .put("Entrypoint", JsonArray.ofStrings(entrypoint))
            .put("Cmd", JsonArray.ofStrings(command))
            .put("Env", JsonArray.ofStrings(environment))
            .put("WorkingDir", workingDirectory.orElse(""))
            .put("User", user.orElse(""))
            .put("ExposedPorts", set(exposedPorts))
            .put("StopSignal", stopSignal.orElse(""))
            .put("Volumes", set(volumes))
            .putStrings("Labels", labels)
            .build();
    var outer =
        JsonObject.builder()
            .put("architecture", platform.architecture())
            .put("os", platform.os())
            .put("config", inner);
    platform.variant().ifPresent(v -> outer.put("variant", v));
    return outer.build();
  }

  private static JsonObject set(List<String> members) {
    var builder = JsonObject.builder();
    members.forEach(m -> builder.put(m, JsonObject.EMPTY));
    return builder.build();
  }

  private static Optional<String> nonEmpty(Optional<String> value) {
    return value.filter(v -> !v.isEmpty());
  }
}
