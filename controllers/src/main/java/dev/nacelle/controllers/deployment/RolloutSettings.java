package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a Deployment's spec asks of its rollouts.
 *
 * @param maxSurge pods above {@code replicas}; 0 unless rolling
 * @param maxUnavailable pods that may be missing; 0 unless rolling
 */
record RolloutSettings(
    int replicas,
    Strategy strategy,
    int maxSurge,
    int maxUnavailable,
    boolean paused,
    Optional<Duration> progressDeadline,
    OptionalInt revisionHistoryLimit) {

  /** How the old pods make way for the new ones. */
  enum Strategy {
    ROLLING_UPDATE,
    RECREATE
  }

  static RolloutSettings of(KubeObject deployment) {
    JsonObject spec = deployment.spec();
    int replicas = (int) spec.integer("replicas").orElse(1);
    Strategy strategy =
        spec.string("strategy", "type").orElse("RollingUpdate").equals("Recreate")
            ? Strategy.RECREATE
            : Strategy.ROLLING_UPDATE;
    JsonObject rolling = spec.object("strategy", "rollingUpdate");
    int surge = resolve(rolling.get("maxSurge"), replicas, Rounding.UP);
    int unavailable = resolve(rolling.get("maxUnavailable"), replicas, Rounding.DOWN);
    if (surge == 0 && unavailable == 0) {
      // both may round to zero; then nothing could ever move
      unavailable = 1;
    }
    boolean rolls = strategy == Strategy.ROLLING_UPDATE;
    long deadline = spec.integer("progressDeadlineSeconds").orElse(Integer.MAX_VALUE);
    var history = spec.integer("revisionHistoryLimit");
    return new RolloutSettings(
        replicas,
        strategy,
        rolls ? surge : 0,
        rolls && replicas > 0 ? Math.min(unavailable, replicas) : 0,
        spec.bool("paused").orElse(false),
        deadline == Integer.MAX_VALUE
            ? Optional.empty()
            : Optional.of(Duration.ofSeconds(deadline)),
        history.isPresent() && history.getAsLong() != Integer.MAX_VALUE
            ? OptionalInt.of((int) history.getAsLong())
            : OptionalInt.empty());
  }

  private enum Rounding {
    UP,
    DOWN
  }

  /** An {@code IntOrString}: a number, or a percentage of the replicas. 25 % where absent. */
  private static int resolve(Optional<Json> value, int replicas, Rounding rounding) {
    return switch (value.orElse(Json.of("25%"))) {
      case JsonNumber n -> (int) n.longValue();
      case JsonString s when s.value().endsWith("%") -> percent(s.value(), replicas, rounding);
      case Json other -> 0;
    };
  }

  private static int percent(String text, int replicas, Rounding rounding) {
    try {
      long product = Long.parseLong(text.substring(0, text.length() - 1)) * replicas;
      return (int) (rounding == Rounding.UP ? Math.ceilDiv(product, 100) : product / 100);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  int mostPods() {
    return replicas > 0 ? replicas + maxSurge : 0;
  }

  int leastAvailable() {
    return replicas - maxUnavailable;
  }
}
