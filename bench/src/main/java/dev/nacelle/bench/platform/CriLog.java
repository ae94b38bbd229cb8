package dev.nacelle.bench.platform;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** The time stamp in front of a log line: the clock of whoever read the output first. */
public final class CriLog {
  private CriLog() {}

  /**
   * Milliseconds from an instant to the stamp of the first line.
   *
   * @throws IllegalArgumentException if the line has no stamp
   */
  public static double millisSince(Instant begin, String log) {
    int space = log.indexOf(' ');
    try {
      Instant stamp = Instant.parse(log.substring(0, Math.max(0, space)));
      return Duration.between(begin, stamp).toNanos() / 1e6;
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("a log line without time stamp: " + log, e);
    }
  }
}
