package dev.nacelle.api.kinds.shared;

import java.time.Duration;

/**
 * Durations as {@code kubectl get} shows them: two units at most, the finer one only while it
 * matters ({@code 119s}, {@code 5m30s}, {@code 3h15m}, {@code 2d}). As {@code
 * k8s.io/apimachinery/pkg/util/duration.HumanDuration}.
 */
public final class HumanDuration {
  private HumanDuration() {}

  public static String of(Duration duration) {
    boolean cut = duration.isNegative() && duration.getNano() > 0; // towards zero
    long seconds = duration.getSeconds() + (cut ? 1 : 0);
    if (seconds < -1) {
      return "<invalid>";
    }
    if (seconds < 0) {
      return "0s";
    }
    if (seconds < 120) {
      return seconds + "s";
    }
    long minutes = seconds / 60;
    if (minutes < 10) {
      return minutes + "m" + rest(seconds % 60, "s");
    }
    if (minutes < 180) {
      return minutes + "m";
    }
    long hours = minutes / 60;
    if (hours < 8) {
      return hours + "h" + rest(minutes % 60, "m");
    }
    if (hours < 48) {
      return hours + "h";
    }
    long days = hours / 24;
    if (hours < 24 * 8) {
      return days + "d" + rest(hours % 24, "h");
    }
    if (hours < 24 * 365 * 2) {
      return days + "d";
    }
    long years = days / 365;
    return hours < 24 * 365 * 8 ? years + "y" + rest(days % 365, "d") : years + "y";
  }

  private static String rest(long amount, String unit) {
    return amount == 0 ? "" : amount + unit;
  }
}
