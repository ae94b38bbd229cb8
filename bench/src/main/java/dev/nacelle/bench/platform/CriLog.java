package dev.nacelle.bench.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** Logs of containers. The stamp of a line is by the clock of whoever read the output first. */
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

  /**
   * Waits until a log has a line, and reads it.
   *
   * @throws IOException if it has none after that time
   */
  public static String awaitLine(Path log, Duration patience)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      String text = Files.exists(log) ? Files.readString(log) : "";
      if (text.contains("\n")) {
        return text;
      }
      if (System.nanoTime() > end) {
        throw new IOException("no output in " + log + " after " + patience.toSeconds() + " s");
      }
      Thread.sleep(1);
    }
  }
}
