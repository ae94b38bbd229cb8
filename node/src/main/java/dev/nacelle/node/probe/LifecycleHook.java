package dev.nacelle.node.probe;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ContainerRuntime;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Runs postStart and preStop hooks. */
public final class LifecycleHook {
  private LifecycleHook() {}

  /**
   * Runs a hook to its end, at most for {@code timeout}.
   *
   * @return what went wrong; empty for a success
   */
  public static Optional<String> run(
      ContainerRuntime runtime,
      String containerId,
      Supplier<String> podAddress,
      JsonObject container,
      JsonObject hook,
      Duration timeout) {
    try {
      if (hook.has("sleep")) {
        long seconds = Math.max(0, hook.integer("sleep", "seconds").orElse(0));
        Duration wanted = Duration.ofSeconds(seconds);
        Thread.sleep(wanted.compareTo(timeout) < 0 ? wanted : timeout);
        return Optional.empty();
      }
      ProbeTry hooks = new ProbeRunner(runtime, containerId, podAddress, container);
      return switch (hooks.run(hook, timeout)) {
        case ProbeResult.Passed p -> Optional.empty();
        case ProbeResult.Failed failed -> Optional.of(failed.output());
        case ProbeResult.Refused refused -> Optional.of(refused.output());
        case ProbeResult.Unknown unknown -> Optional.of(unknown.why());
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted");
    }
  }
}
