package dev.nacelle.app;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.UpOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The options that a platform was started with, as {@code status} tells them, against those that
 * another {@code up} gives. Pure.
 */
final class StartOptions {
  /** Member of {@code status}. */
  static final String MEMBER = "options";

  /** They say where and how to start, or are told on their own; a token is nobody's to read. */
  private static final Set<String> APART =
      Set.of("--data", "--config", "--foreground", "--name", "--port", "--token");

  private StartOptions() {}

  static JsonObject json(UpOptions options) {
    var json = JsonObject.builder();
    told(options).forEach(option -> json.put(option.getKey(), option.getValue()));
    return json.build();
  }

  /** Those given that a running platform does not have, {@code --FLAG=VALUE}. */
  static List<String> differing(UpOptions options, JsonObject status) {
    JsonObject running = status.object(MEMBER);
    return told(options)
        .filter(option -> !running.string(option.getKey()).equals(Optional.of(option.getValue())))
        .map(option -> option.getKey() + "=" + option.getValue())
        .toList();
  }

  private static Stream<Map.Entry<String, String>> told(UpOptions options) {
    return options.given.entrySet().stream().filter(option -> !APART.contains(option.getKey()));
  }
}
