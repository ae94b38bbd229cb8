package dev.nacelle.node;

import dev.nacelle.image.Freed;
import dev.nacelle.image.ImageUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is told about a node whose images take too much. For one thread. */
final class ImageDiskWarnings {
  private boolean failedBefore;
  private boolean wasOverQuota;

  /** An event about the node. */
  record Warning(String reason, String message) {}

  /** What the disk looks like now: told once each time that it comes to be over the quota. */
  Optional<Warning> seen(ImageUsage usage) {
    boolean over = usage.usedBytes() > usage.quotaBytes();
    boolean news = over && !wasOverQuota;
    wasOverQuota = over;
    return news
        ? Optional.of(
            new Warning(
                "ImageQuotaExceeded",
                "Images take "
                    + usage.usedBytes()
                    + " bytes, the quota is "
                    + usage.quotaBytes()
                    + ": running containers read more of their images than it has room for."
                    + " Nothing is pulled until pods end or --image-quota is raised."))
        : Optional.empty();
  }

  /** A collection has ended. */
  List<Warning> collected(Freed freed) {
    if (freed.missingBytes() <= 0) {
      failedBefore = false;
      return List.of();
    }
    String what =
        "Failed to garbage collect required amount of images. Attempted to free "
            + (freed.bytes() + freed.missingBytes())
            + " bytes, but only found "
            + freed.bytes()
            + " bytes eligible to free.";
    var result = new ArrayList<>(List.of(new Warning("FreeDiskSpaceFailed", what)));
    failed(what).ifPresent(result::add);
    return result;
  }

  /** A collection has failed: an event only the second time, as the kubelet's. */
  Optional<Warning> failed(String why) {
    boolean again = failedBefore;
    failedBefore = true;
    return again ? Optional.of(new Warning("ImageGCFailed", why)) : Optional.empty();
  }
}
