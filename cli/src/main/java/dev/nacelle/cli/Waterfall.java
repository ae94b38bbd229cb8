package dev.nacelle.cli;

import dev.nacelle.base.json.JsonObject;
import java.io.PrintStream;
import java.util.Set;
import java.util.stream.Collectors;

/** Draws where the time of a pod's start went. */
public final class Waterfall {
  private static final int WIDTH = 48;

  private Waterfall() {}

  /** Whether the whole start was seen by one process of the platform: from the API to ready. */
  static boolean isWhole(JsonObject waterfall) {
    var stages =
        waterfall
            .array("stages")
            .objects()
            .flatMap(s -> s.string("stage").stream())
            .collect(Collectors.toSet());
    return stages.containsAll(Set.of("accepted", "started", "ready"));
  }

  /** Takes {@code {stages: [{stage, micros}]}}, microseconds since the first stage, in order. */
  public static void print(JsonObject waterfall, PrintStream out) {
    var stages = waterfall.array("stages").objects().toList();
    if (stages.isEmpty()) {
      return;
    }
    double total = Math.max(1, millis(stages.getLast()));
    double before = 0;
    for (JsonObject stage : stages) {
      double at = millis(stage);
      int from = (int) Math.round(before / total * WIDTH);
      int to = Math.max(from + 1, (int) Math.round(at / total * WIDTH));
      out.printf(
          "  %-18s %8.1f ms  +%7.1f  %s%s%n",
          label(stage.string("stage").orElse("")),
          at,
          at - before,
          " ".repeat(from),
          "#".repeat(to - from));
      before = at;
    }
  }

  private static String label(String stage) {
    return switch (stage) {
      case "accepted" -> "API accepted";
      case "scheduled" -> "scheduled";
      case "bound" -> "seen by the node";
      case "sandbox" -> "sandbox";
      case "network" -> "network";
      case "imageMounted" -> "image mounted";
      case "started" -> "container started";
      case "firstOutput" -> "first output";
      case "ready" -> "ready";
      default -> stage;
    };
  }

  private static double millis(JsonObject stage) {
    return stage.integer("micros").orElse(0) / 1000.0;
  }
}
