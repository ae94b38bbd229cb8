package dev.nacelle.scheduler.cluster;

import dev.nacelle.base.json.JsonObject;

/** A node's taint. */
public record Taint(String key, String value, String effect) {
  static Taint of(JsonObject json) {
    return new Taint(
        json.string("key").orElse(""),
        json.string("value").orElse(""),
        json.string("effect").orElse(""));
  }

  /** Whether it keeps new pods away, rather than only being unwelcome. */
  public boolean repels() {
    return effect.equals("NoSchedule") || effect.equals("NoExecute");
  }
}
