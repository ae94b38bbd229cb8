package dev.nacelle.node.pod;

import dev.nacelle.image.ImageFault;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How long one pod waits for its images after failures, as the kubelet counts: by image, 10 s
 * doubling to 5 minutes, begun anew after 10 minutes without a failure. A name that is none and an
 * image that must not be pulled are looked for every 10 s. For the pod's worker alone.
 */
final class PullBackOffs {
  static final Duration FIRST = Duration.ofSeconds(10);
  static final Duration MAX = Duration.ofMinutes(5);

  private record Key(String image, String pullPolicy) {}

  private record Wait(Duration length, PodImage.Missing last) {
    Instant since() {
      return last.retryAt().minus(length);
    }
  }

  private final Map<Key, Wait> waits = new HashMap<>();

  /** What the last look has shown, while it is too early for another. */
  Optional<PodImage.Missing> waiting(WantedImage wanted, Instant now) {
    return Optional.ofNullable(waits.get(key(wanted)))
        .map(Wait::last)
        .filter(last -> last.retryAt().isAfter(now));
  }

  /** A look has failed; says when the next is due. One that fails meanwhile counts no more. */
  PodImage.Missing failed(WantedImage wanted, ImageFault fault, String why, Instant now) {
    waits.values().removeIf(w -> w.since().plus(MAX.multipliedBy(2)).isBefore(now));
    Optional<Wait> before = Optional.ofNullable(waits.get(key(wanted)));
    Duration length = before.map(w -> next(w, fault, now)).orElse(FIRST);
    Instant retryAt =
        before
            .map(w -> w.last().retryAt())
            .filter(at -> at.isAfter(now))
            .orElseGet(() -> now.plus(length));
    var missing = new PodImage.Missing(wanted, fault, why, retryAt);
    waits.put(key(wanted), new Wait(length, missing));
    return missing;
  }

  private static Duration next(Wait before, ImageFault fault, Instant now) {
    if (before.last().retryAt().isAfter(now)) {
      return before.length();
    }
    if (fault == ImageFault.INVALID_NAME || fault == ImageFault.NEVER_PULL) {
      return FIRST;
    }
    Duration doubled = before.length().multipliedBy(2);
    return doubled.compareTo(MAX) > 0 ? MAX : doubled;
  }

  private static Key key(WantedImage wanted) {
    return new Key(wanted.name(), wanted.pullPolicy());
  }
}
