package dev.nacelle.runtime;

import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.runtime.RuntimeCapability.Level;
import java.util.ArrayList;
import java.util.List;

/** The lines of {@code doctor} on starting containers. */
final class Capabilities {
  private Capabilities() {}

  static List<RuntimeCapability> of(CgroupTree cgroups, Starters starters, boolean fastMoves)
      throws InterruptedException {
    var lines = new ArrayList<RuntimeCapability>();
    lines.add(
        switch (cgroups.version()) {
          case V2 -> new RuntimeCapability("cgroups", Level.BEST, "version 2");
          case V1 ->
              new RuntimeCapability(
                  "cgroups",
                  Level.FALLBACK,
                  "version 1"
                      + (cgroups.isHybrid() ? " with a version 2 tree beside it" : "")
                      + ": no memory.high, no pressure per pod, no throttling of buffered writes");
        });
    lines.add(
        fastMoves
            ? new RuntimeCapability("cgroup moves", Level.BEST, "favordynmods is on")
            : new RuntimeCapability(
                "cgroup moves",
                Level.FALLBACK,
                "favordynmods is refused: each start and exec may wait 10 to 30 ms"));
    boolean isNative = starters.forced().isEmpty() && starters.isNative();
    lines.add(
        isNative
            ? new RuntimeCapability("container start", Level.BEST, "by the monitor itself")
            : new RuntimeCapability(
                "container start",
                Level.FALLBACK,
                starters.forced().isPresent()
                    ? "by an OCI runtime, as configured: 10 to 30 ms longer"
                    : "by an OCI runtime, 10 to 30 ms longer: the monitor needs Linux 6.6 and"
                        + " device rules of cgroups"));
    lines.add(
        starters
            .forced()
            .or(starters::installed)
            .map(Capabilities::describe)
            .orElseGet(
                () ->
                    new RuntimeCapability(
                        "OCI runtime",
                        isNative ? Level.FALLBACK : Level.MISSING,
                        "neither crun nor runc is installed"
                            + (isNative ? ": containers with a seccomp profile are refused" : "")
                            + "; install crun")));
    return List.copyOf(lines);
  }

  private static RuntimeCapability describe(OciRuntime runtime) {
    return switch (runtime.flavor()) {
      case CRUN -> new RuntimeCapability("OCI runtime", Level.BEST, "crun at " + runtime.program());
      case RUNC ->
          new RuntimeCapability(
              "OCI runtime",
              Level.FALLBACK,
              "runc at "
                  + runtime.program()
                  + ": starts take 20 ms longer, and exec is not confined by seccomp; install crun");
    };
  }
}
