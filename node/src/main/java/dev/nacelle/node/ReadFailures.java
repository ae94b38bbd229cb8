package dev.nacelle.node;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Bounds what is told of reads that could not be given their bytes: a registry that is gone makes
 * thousands. For each container or volume the first is told at once, those of the next minute
 * together at its end. Safe for any thread.
 */
final class ReadFailures {
  static final Duration TOGETHER = Duration.ofMinutes(1);

  /** What was held back since it was last told of. */
  private record Held(Instant until, long count, String last) {}

  /** By what is mounted; one that is quiet for a minute is forgotten. */
  private final Map<String, Held> held = new HashMap<>();

  /** A read has failed; what to say of it now, if anything. */
  synchronized Optional<String> failed(String id, String message, Instant now) {
    Held before = held.get(id);
    if (before == null) {
      held.put(id, new Held(now.plus(TOGETHER), 0, message));
      return Optional.of(message);
    }
    held.put(id, new Held(before.until, before.count + 1, message));
    return Optional.empty();
  }

  /** What was held back long enough, by what is mounted. */
  synchronized Map<String, String> due(Instant now) {
    var result = new HashMap<String, String>();
    held.forEach(
        (id, h) -> {
          if (h.count > 0 && !h.until.isAfter(now)) {
            result.put(id, h.last + " (" + h.count + " failed reads in the last minute)");
          }
        });
    held.values().removeIf(h -> h.count == 0 && !h.until.isAfter(now));
    result.keySet().forEach(id -> held.put(id, new Held(now.plus(TOGETHER), 0, "")));
    return result;
  }
}
