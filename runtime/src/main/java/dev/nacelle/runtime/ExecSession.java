package dev.nacelle.runtime;

import java.time.Duration;
import java.util.OptionalInt;

/** A process started by {@link ContainerRuntime#exec}. Closing it kills the process. */
public interface ExecSession extends ProcessStreams {
  /**
   * Waits for the end of the process and returns its exit code, 128 + signal if a signal ended it.
   *
   * @throws ContainerRuntimeException with reason UNAVAILABLE if the monitor died meanwhile
   */
  int waitForExit() throws InterruptedException;

  /** As {@link #waitForExit()}, but empty if the process still runs after {@code timeout}. */
  OptionalInt waitForExit(Duration timeout) throws InterruptedException;
}
