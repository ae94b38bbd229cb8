package dev.nacelle.runtime;

import java.util.regex.Pattern;

/** The rule for identifiers that become file names, cgroup names and runtime ids. */
final class Ids {
  private static final Pattern VALID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}");

  private Ids() {}

  static String check(String what, String id) {
    if (!VALID.matcher(id).matches()) {
      throw new IllegalArgumentException(
          "cannot use '" + id + "' as a " + what + " id: want 1 to 100 of a-z A-Z 0-9 _ . -");
    }
    return id;
  }
}
