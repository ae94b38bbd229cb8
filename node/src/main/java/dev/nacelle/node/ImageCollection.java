package dev.nacelle.node;

import dev.nacelle.image.Freed;
import dev.nacelle.image.GarbageThresholds;
import dev.nacelle.image.ImageException;
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
  private final BiConsumer<String, String> told;
  private final Thread thread;
  private final ImageDiskWarnings warnings = new ImageDiskWarnings();
  private int looksSince;

  /**
   * @param told of an event about the node: its reason and its message
   */
  ImageCollection(
      ImageStore images, Supplier<Collection<PodView>> pods, BiConsumer<String, String> told) {
    this.images = images;
    this.pods = pods;
    this.told = told;
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

  private void look() {
    try {
      ImageUsage usage = images.usage();
      warnings.seen(usage).ifPresent(this::tell);
      looksSince++;
      boolean pressed = GarbageThresholds.DEFAULT.isReached(usage);
      if (looksSince >= LOOKS_EACH || pressed && looksSince >= LOOKS_UNDER_PRESSURE) {
        looksSince = 0;
        collect();
      }
    } catch (RuntimeException e) {
      LOG.warn("cannot collect images: {}", e.getMessage());
      warnings.failed(String.valueOf(e.getMessage())).ifPresent(this::tell);
    }
  }

  private void collect() {
    Freed freed = images.collectGarbage(inUse(), GarbageThresholds.DEFAULT);
    if (!freed.imageIds().isEmpty()) {
      LOG.info("removed {} unused images, {} bytes", freed.imageIds().size(), freed.bytes());
    }
    images.unmountIdleLayers();
    warnings.collected(freed).forEach(this::tell);
  }

  private void tell(ImageDiskWarnings.Warning warning) {
    told.accept(warning.reason(), warning.message());
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
