package dev.nacelle.node.probe;

import dev.nacelle.base.json.JsonObject;
import java.time.Duration;

/** Makes single tries of a probe. Safe for any thread. */
@FunctionalInterface
public interface ProbeTry {
  /**
   * @param probe the probe, or any object with its handler
   * @param timeout for the whole try
   */
  ProbeResult run(JsonObject probe, Duration timeout) throws InterruptedException;
}
