package dev.nacelle.apiserver.http;

import java.time.Duration;

/** Reads durations as Go's {@code time.ParseDuration} does, none below zero: {@code 1m30s}. */
final class GoDuration {
  private static final int MAX_LENGTH = 64;

  private GoDuration() {}

  /**
   * @throws IllegalArgumentException if it is none, or below zero, or longer than 290 years
   */
  static Duration parse(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    if (text.isEmpty() || text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("not a duration");
    }
    double nanos = 0;
    int at = 0;
    while (at < text.length()) {
      int number = at;
      while (at < text.length() && isOfNumber(text.charAt(at))) {
        at++;
      }
      int unit = at;
      while (at < text.length() && !isOfNumber(text.charAt(at))) {
        at++;
      }
      // a number that is none fails as an IllegalArgumentException too
      nanos += Double.parseDouble(text.substring(number, unit)) * nanos(text.substring(unit, at));
    }
    if (nanos > Long.MAX_VALUE) {
      throw new IllegalArgumentException("too long");
    }
    return Duration.ofNanos((long) nanos);
  }

  private static boolean isOfNumber(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private static double nanos(String unit) {
    return switch (unit) {
      case "ns" -> 1;
      case "us", "\u00b5s", "\u03bcs" -> 1e3;
      case "ms" -> 1e6;
      case "s" -> 1e9;
      case "m" -> 60e9;
      case "h" -> 3600e9;
      default -> throw new IllegalArgumentException("unknown unit");
    };
  }
}
