package dev.nacelle.base.task;

import java.time.Duration;

/** Durations as messages have them: {@code 250ms}, {@code 30s}, {@code 90s}, {@code 5m}. */
public final class DurationText {
  private DurationText() {}

  /** In the largest unit of which it is a whole number; what is less than 1 ms is left out. */
  public static String of(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    return seconds == 0 || seconds % 60 != 0 ? seconds + "s" : seconds / 60 + "m";
  }
}
