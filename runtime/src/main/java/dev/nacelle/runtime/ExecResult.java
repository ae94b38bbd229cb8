package dev.nacelle.runtime;

import dev.nacelle.base.bytes.Bytes;

/**
 * The end of a command in a container.
 *
 * @param exitCode 128 + signal for a process that a signal ended; meaningless if it timed out
 */
public record ExecResult(int exitCode, Bytes stdout, Bytes stderr, Outcome outcome) {
  /** Whether it ended by itself. */
  public enum Outcome {
    FINISHED,
    TIMED_OUT
  }
}
