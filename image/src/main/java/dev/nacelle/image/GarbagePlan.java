package dev.nacelle.image;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Which images to remove so that enough of the disk is free: unused ones, the longest unused first.
 * Pure.
 *
 * @param imageIds to remove, in this order
 * @param freedBytes what that frees; a layer that somebody else needs frees nothing
 * @param missingBytes what would still be too much afterwards
 */
record GarbagePlan(List<String> imageIds, long freedBytes, long missingBytes) {

  /** What must go from a disk that is fuller than the high threshold; 0 if it is not. */
  static long excessBytes(long capacityBytes, long availableBytes, GarbageThresholds thresholds) {
    long used = capacityBytes - availableBytes;
    return capacityBytes <= 0 || used * 100 < capacityBytes * thresholds.highPercent()
        ? 0
        : used - capacityBytes * thresholds.lowPercent() / 100;
  }

  /**
   * @param inUse ids of images
   * @param pinned keys of layers, and digits of ids, that work under way needs
   * @param layerBytes what a layer takes on the disk, by its key
   * @param unusedSince an image used later than this stays
   */
  static GarbagePlan of(
      List<ResolvedImage> images,
      Set<String> inUse,
      Set<String> pinned,
      ToLongFunction<String> layerBytes,
      long toFree,
      Instant unusedSince) {
    Map<String, Integer> layerUsers = new HashMap<>();
    images.forEach(image -> keys(image).forEach(key -> layerUsers.merge(key, 1, Integer::sum)));
    pinned.forEach(key -> layerUsers.computeIfPresent(key, (k, users) -> users + 1));
    List<ResolvedImage> candidates =
        images.stream()
            .filter(image -> !inUse.contains(image.id()))
            .filter(image -> !pinned.contains(StoreLayout.hex(image.id())))
            .filter(image -> !image.lastUsed().isAfter(unusedSince))
            .sorted(Comparator.comparing(ResolvedImage::lastUsed).thenComparing(ResolvedImage::id))
            .toList();
    var chosen = new ArrayList<String>();
    long freed = 0;
    for (ResolvedImage image : candidates) {
      if (freed >= toFree) {
        break;
      }
      chosen.add(image.id());
      for (String key : keys(image)) {
        if (layerUsers.merge(key, -1, Integer::sum) == 0) {
          freed += layerBytes.applyAsLong(key);
        }
      }
    }
    return new GarbagePlan(List.copyOf(chosen), freed, Math.max(0, toFree - freed));
  }

  private static Set<String> keys(ResolvedImage image) {
    var keys = new HashSet<String>();
    image.layers().forEach(layer -> keys.add(layer.key()));
    return keys;
  }
}
