package dev.nacelle.scheduler.cluster;

import dev.nacelle.base.json.JsonObject;

/** Which taints a pod bears; empty strings match all. */
public record Toleration(String key, String operator, String value, String effect) {
  static Toleration of(JsonObject json) {
    return new Toleration(
        json.string("key").orElse(""),
        json.string("operator").orElse(""),
        json.string("value").orElse(""),
        json.string("effect").orElse(""));
  }

  public boolean tolerates(Taint taint) {
    if (!effect.isEmpty() && !effect.equals(taint.effect())) {
      return false;
    }
    if (!key.isEmpty() && !key.equals(taint.key())) {
      return false;
    }
    return switch (operator) {
      case "", "Equal" -> value.equals(taint.value());
      case "Exists" -> true;
      default -> false;
    };
  }
}
