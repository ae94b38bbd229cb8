package dev.nacelle.scheduler.cluster;

import dev.nacelle.base.json.JsonObject;

/** What a pod asks for as a whole. */
final class PodRequests {
  /** What a container that asks for nothing is taken to use, when nodes are compared. */
  private static final long USUAL_CPU_MILLIS = 100;

  private static final long USUAL_MEMORY_BYTES = 200L << 20;

  private PodRequests() {}

  /** Whether containers without requests count as nothing or as something usual. */
  enum Absent {
    NOTHING,
    USUAL
  }

  /**
   * The sum of the containers and sidecars, or more if an init container, with the sidecars that
   * started before it, needs more; pod-level requests instead where given; and the overhead.
   */
  static Amounts of(JsonObject podSpec, Absent absent) {
    Amounts sum = Amounts.NONE;
    for (JsonObject container : podSpec.array("containers").objects().toList()) {
      sum = sum.plus(requests(container, absent));
    }
    Amounts sidecars = Amounts.NONE;
    Amounts peak = Amounts.NONE;
    for (JsonObject container : podSpec.array("initContainers").objects().toList()) {
      Amounts own = requests(container, absent);
      if (container.string("restartPolicy").orElse("").equals("Always")) {
        sidecars = sidecars.plus(own);
        peak = peak.max(sidecars);
      } else {
        peak = peak.max(own.plus(sidecars));
      }
    }
    Amounts total = withPodLevel(podSpec, sum.plus(sidecars).max(peak));
    return total.plus(Amounts.of(podSpec.object("overhead")));
  }

  private static Amounts requests(JsonObject container, Absent absent) {
    JsonObject requests = container.object("resources", "requests");
    Amounts asked = Amounts.of(requests);
    if (absent == Absent.NOTHING) {
      return asked;
    }
    return new Amounts(
        requests.has("cpu") ? asked.cpuMillis() : USUAL_CPU_MILLIS,
        requests.has("memory") ? asked.memoryBytes() : USUAL_MEMORY_BYTES,
        asked.ephemeralBytes(),
        asked.other());
  }

  private static Amounts withPodLevel(JsonObject podSpec, Amounts total) {
    JsonObject requests = podSpec.object("resources", "requests");
    if (requests.isEmpty()) {
      return total;
    }
    Amounts whole = Amounts.of(requests);
    return new Amounts(
        requests.has("cpu") ? whole.cpuMillis() : total.cpuMillis(),
        requests.has("memory") ? whole.memoryBytes() : total.memoryBytes(),
        total.ephemeralBytes(),
        total.other());
  }
}
