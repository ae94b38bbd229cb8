package dev.nacelle.node;

import dev.nacelle.image.Freed;
import dev.nacelle.image.GarbageThresholds;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.ImageUsage;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees disk space from images that no pod of this node uses: every five minutes as the kubelet
 * does, sooner where the disk is fuller than the high threshold. Says where that does not suffice.
 * One virtual thread.
 */
final class ImageCollection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageCollection.class);
  private static final Duration LOOK = Duration.ofSeconds(10);
  private static final int LOOKS_EACH = 30;
  private static final int LOOKS_UNDER_PRESSURE = 6;

  private final ImageStore images;
  private final Supplier<Collection<PodView>> pods;
  private final BiConsumer<String, String> warning;
  private final Thread thread;
  private int looksSince;
  private boolean failedBefore;
  private boolean wasOverQuota;

  /**
   * @param warning told of an event about the node: its reason and its message
   */
  ImageCollection(
      ImageStore images,
      Supplier<Collection<PodView>> pods,
      BiConsumer<String, String> warning) {
    this.images = images;
    this.pods = pods;
    this.warning = warning;
    this.thread = Thread.ofVirtual().name("image collection").unstarted(this::run);
  }

  /** The node knows its pods. */
  void start() {
    images.usedBy(this::inUse);
    thread.start();
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks at the disk, and collects when it is time. */
  void look() {
    try {
      ImageUsage usage = images.usage();
      tellOfQuota(usage);
      looksSince++;
      boolean pressed = GarbageThresholds.DEFAULT.isReached(usage);
      if (looksSince >= LOOKS_EACH || pressed && looksSince >= LOOKS_UNDER_PRESSURE) {
        looksSince = 0;
        collect();
      }
    } catch (ImageException e) {
      failed(e);
    }
  }

  /** Once each time that it comes to it. */
  private void tellOfQuota(ImageUsage usage) {
    boolean over = usage.usedBytes() > usage.quotaBytes();
    if (over && !wasOverQuota) {
      warning.accept(
          "ImageQuotaExceeded",
          "Images take "
              + usage.usedBytes()
              + " bytes, the quota is "
              + usage.quotaBytes()
              + ": running containers read more of their images than it has room for. Nothing is"
              + " pulled until pods end or --image-quota is raised.");
    }
    wasOverQuota = over;
  }

  private void collect() {
    Freed freed = images.collectGarbage(inUse(), GarbageThresholds.DEFAULT);
    if (!freed.imageIds().isEmpty()) {
      LOG.info("removed {} unused images, {} bytes", freed.imageIds().size(), freed.bytes());
    }
    images.unmountIdleLayers();
    if (freed.missingBytes() > 0) {
      String what =
          "Failed to garbage collect required amount of images. Attempted to free "
              + (freed.bytes() + freed.missingBytes())
              + " bytes, but only found "
              + freed.bytes()
              + " bytes eligible to free.";
      warning.accept("FreeDiskSpaceFailed", what);
      failed(new ImageException(ImageFault.NO_SPACE, what));
    } else {
      failedBefore = false;
    }
  }

  /** An event only when it has failed twice, as the kubelet's. */
  private void failed(ImageException e) {
    LOG.warn("cannot collect images: {}", e.getMessage());
    if (failedBefore) {
      warning.accept("ImageGCFailed", String.valueOf(e.getMessage()));
    }
    failedBefore = true;
  }

  /** The ids of the images of all pods here that are not at their end. */
  private Set<String> inUse() {
    var result = new HashSet<String>();
    for (PodView pod : pods.get()) {
      if (pod.isFinished()) {
        continue;
      }
      Stream.concat(
              pod.containers().stream().map(ContainerView::image),
              pod.imageVolumes().map(v -> v.string("image", "reference").orElse("")))
          .forEach(name -> id(name).ifPresent(result::add));
    }
    return result;
  }

  private Optional<String> id(String name) {
    try {
      return images.resolve(ImageReference.parse(name)).map(ResolvedImage::id);
    } catch (ImageException e) {
      return Optional.empty(); // a name that is none uses no image
    }
  }
}
