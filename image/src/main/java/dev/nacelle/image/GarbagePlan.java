package dev.nacelle.image;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which images to remove so that the disk comes down to the low threshold: unused ones, the longest
 * unused first. Pure.
 *
 * @param imageIds to remove, in this order
 * @param freedBytes what that frees; a layer shared with a remaining image frees nothing
 * @param missingBytes what would still be too much afterwards
 */
record GarbagePlan(List<String> imageIds, long freedBytes, long missingBytes) {
  static final GarbagePlan NOTHING = new GarbagePlan(List.of(), 0, 0);

  static GarbagePlan of(
      List<ResolvedImage> images,
      Set<String> inUse,
      long capacityBytes,
      long availableBytes,
      GarbageThresholds thresholds,
      Instant now) {
    long used = capacityBytes - availableBytes;
    if (capacityBytes <= 0 || used * 100 < capacityBytes * thresholds.highPercent()) {
      return NOTHING;
    }
    long toFree = used - capacityBytes * thresholds.lowPercent() / 100;
    Map<String, Integer> layerUsers = new HashMap<>();
    images.forEach(image -> keys(image).forEach(key -> layerUsers.merge(key, 1, Integer::sum)));
    List<ResolvedImage> candidates =
        images.stream()
            .filter(image -> !inUse.contains(image.id()))
            .filter(image -> isOld(image, thresholds.minimumAge(), now))
            .sorted(Comparator.comparing(ResolvedImage::lastUsed).thenComparing(ResolvedImage::id))
            .toList();
    var chosen = new ArrayList<String>();
    long freed = 0;
    for (ResolvedImage image : candidates) {
      if (freed >= toFree) {
        break;
      }
      chosen.add(image.id());
      var counted = new HashSet<String>();
      for (ImageLayer layer : image.layers()) {
        if (counted.add(layer.key()) && layerUsers.merge(layer.key(), -1, Integer::sum) == 0) {
          freed += layer.sizeBytes();
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

  private static boolean isOld(ResolvedImage image, Duration minimumAge, Instant now) {
    return !image.lastUsed().plus(minimumAge).isAfter(now);
  }
}
