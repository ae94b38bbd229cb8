package dev.nacelle.image.peer;

import dev.nacelle.base.bytes.Bytes;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Which host owns which chunks: the one with the highest random weight. All hosts compute the same,
 * whatever order they know one another in; one that comes or goes moves only what it owns. Part of
 * the protocol: another formula is another version. Pure.
 */
final class Placement {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private Placement() {}

  private record Weighed(String id, long weight) {}

  /** The hosts in the order of their weights for a group of chunks: the owner first. */
  static List<String> order(Collection<String> ids, String key, int group) {
    return ids.stream()
        .distinct()
        .map(id -> new Weighed(id, weight(id, key, group)))
        .sorted(
            Comparator.comparingLong(Weighed::weight)
                .reversed()
                .thenComparing(Weighed::id, Comparator.naturalOrder()))
        .map(Weighed::id)
        .toList();
  }

  private static long weight(String id, String key, int group) {
    long hash = fnv(fnv(FNV_OFFSET, id) * FNV_PRIME, key);
    return mixed(mixed(hash) + GOLDEN * (group + 1));
  }

  /** FNV-1a. */
  private static long fnv(long from, String text) {
    long hash = from;
    for (byte b : Bytes.utf8(text).unsafeArray()) {
      hash = (hash ^ (b & 0xff)) * FNV_PRIME;
    }
    return hash;
  }

  /** The finalizer of MurmurHash3. */
  private static long mixed(long value) {
    long z = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
    z = (z ^ z >>> 33) * 0xc4ceb9fe1a85ec53L;
    return z ^ z >>> 33;
  }
}
