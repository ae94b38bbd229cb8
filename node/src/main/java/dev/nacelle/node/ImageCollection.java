package dev.nacelle.node;

import dev.nacelle.image.Freed;
import dev.nacelle.image.GarbageThresholds;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Frees disk space from images that no pod of this node uses. One virtual thread. */
final class ImageCollection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageCollection.class);
  private static final Duration EVERY = Duration.ofMinutes(5);

  private final ImageStore images;
  private final Supplier<Collection<PodView>> pods;
  private final Consumer<String> failed;
  private final Thread thread;

  /**
   * @param failed told why nothing could be freed
   */
  ImageCollection(ImageStore images, Supplier<Collection<PodView>> pods, Consumer<String> failed) {
    this.images = images;
    this.pods = pods;
    this.failed = failed;
    this.thread = Thread.ofVirtual().name("image collection").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(EVERY);
        collect();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void collect() {
    try {
      Freed freed = images.collectGarbage(inUse(), GarbageThresholds.DEFAULT);
      if (!freed.imageIds().isEmpty()) {
        LOG.info("removed {} unused images, {} bytes", freed.imageIds().size(), freed.bytes());
      }
      images.unmountIdleLayers();
    } catch (ImageException e) {
      failed.accept(e.getMessage());
    }
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
