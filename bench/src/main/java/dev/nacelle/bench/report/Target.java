package dev.nacelle.bench.report;

import java.io.PrintStream;
import java.util.Locale;

/**
 * What a figure has to reach: the floor is needed, the goal is wanted.
 *
 * @param better which side of the floor is the good one
 */
public record Target(String what, String unit, double floor, double goal, Better better) {
  /** The good side. */
  public enum Better {
    LOWER,
    HIGHER
  }

  public static Target below(String what, String unit, double floor, double goal) {
    return new Target(what, unit, floor, goal, Better.LOWER);
  }

  public static Target above(String what, String unit, double floor, double goal) {
    return new Target(what, unit, floor, goal, Better.HIGHER);
  }

  private String verdict(double measured, double bound) {
    boolean good = better == Better.LOWER ? measured < bound : measured > bound;
    return good ? "pass" : "MISS";
  }

  /** Prints one line: the figure, the floor, the goal, and whether each is reached. */
  public void print(double measured, PrintStream out) {
    out.println(
        String.format(
            Locale.ROOT,
            "%-40s %10s %s   floor %s: %s   goal %s: %s",
            what,
            Table.number(measured),
            unit,
            Table.number(floor),
            verdict(measured, floor),
            Table.number(goal),
            verdict(measured, goal)));
  }
}
