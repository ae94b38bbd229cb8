package dev.nacelle.node.pod;

import java.util.List;
import java.util.Locale;

/** Signals by name. */
final class Signals {
  static final int SIGTERM = 15;

  /** By number, from 1. */
  private static final List<String> NAMES =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private static final int FIRST_REAL_TIME = 34;
  private static final int LAST = 64;

  private Signals() {}

  /**
   * The number of a signal by its name, with or without SIG, or by its number; SIGTERM for an
   * unknown one.
   */
  static int number(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String bare = upper.startsWith("SIG") ? upper.substring(3) : upper;
    if (bare.matches("\\d{1,2}")) {
      int number = Integer.parseInt(bare);
      return number >= 1 && number <= LAST ? number : SIGTERM;
    }
    if (bare.matches("RTMIN(\\+\\d{1,2})?")) {
      int above = bare.length() > 5 ? Integer.parseInt(bare.substring(6)) : 0;
      return Math.min(FIRST_REAL_TIME + above, LAST);
    }
    if (bare.matches("RTMAX(-\\d{1,2})?")) {
      int below = bare.length() > 5 ? Integer.parseInt(bare.substring(6)) : 0;
      return Math.max(LAST - below, FIRST_REAL_TIME);
    }
    int number = NAMES.indexOf(bare);
    return number > 0 ? number : SIGTERM;
  }
}
