package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.Errno;

/** Fetches what a reader waits for. */
public interface Filler {
  /** How it went. */
  sealed interface Outcome {}

  /** Every chunk of the range is written and marked in the file's map. */
  record Filled() implements Outcome {}

  /** The reader gets this error: EIO, or ENOSPC; any other number becomes EIO. */
  record Failed(int errno) implements Outcome {
    public Failed {
      if (errno <= 0) {
        throw new IllegalArgumentException("an errno is positive");
      }
    }

    public static Failed io() {
      return new Failed(Errno.EIO);
    }
  }

  /**
   * Makes a range present; called on a virtual thread of its own, many at once, also for ranges
   * that overlap or are present by now, and again for a range whose answer got lost. An exception
   * is a failure with EIO. The range may be the whole file and may end behind it.
   *
   * @param offset in bytes, of any alignment
   * @param count in bytes
   */
  Outcome fill(LazyFile file, long offset, long count) throws InterruptedException;
}
