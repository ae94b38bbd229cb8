package dev.nacelle.image;

import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Mounts images whose layers are as they came; what is not leaves the store. Safe for any thread.
 */
final class SoundMounts {
  private final Shelves shelves;
  private final LayersAtRest atRest;
  private final Clock clock;

  SoundMounts(Shelves shelves, LayersAtRest atRest, Clock clock) {
    this.shelves = shelves;
    this.atRest = atRest;
    this.clock = clock;
  }

  /** An image that garbage collection spares meanwhile. */
  private record Held(StoredImage image, Pins.Pin pin) implements AutoCloseable {
    List<String> keys() {
      return image.layers().stream().map(StoredLayer::key).toList();
    }

    @Override
    public void close() {
      pin.close();
    }
  }

  private Held hold(String imageId) {
    return shelves
        .lock()
        .locked(
            "mount image " + imageId,
            () -> {
              StoredImage image =
                  shelves
                      .index()
                      .find(imageId)
                      .orElseThrow(
                          () ->
                              new ImageException(
                                  ImageFault.NOT_FOUND,
                                  "cannot mount image " + imageId + ": it is not here"));
              shelves.index().used(imageId, clock.instant());
              return new Held(
                  image, shelves.pins().pin(image)); // a mount need not wait for the index
            });
  }

  /** As {@link ImageStore#requireSound}. */
  void requireSound(String imageId) throws InterruptedException {
    try (Held held = hold(imageId)) {
      requireSound(imageId, held.image().layers());
    }
  }

  private void requireSound(String imageId, List<StoredLayer> needed) throws InterruptedException {
    List<DamagedLayer> damaged;
    try {
      damaged = atRest.damaged(needed);
    } catch (IOException e) {
      throw Faults.of("compare image " + imageId, e);
    }
    if (!damaged.isEmpty()) {
      boolean gone = takeAway(damaged);
      throw new ImageException(
          ImageFault.DAMAGED,
          damaged.stream().map(DamagedLayer::toString).collect(Collectors.joining("; "))
              + (damaged.size() == 1 ? " differs" : " differ")
              + " from what came"
              + (gone ? "; the image was removed: it must be pulled or imported again" : ""));
    }
  }

  /** What is damaged leaves the store, and with it the images that need it. */
  private boolean takeAway(List<DamagedLayer> damaged) {
    return shelves
        .lock()
        .locked(
            "take away damaged layers",
            () -> {
              boolean gone = false;
              for (DamagedLayer layer : damaged) {
                if (atRest.takeAway(layer, shelves.layers())) {
                  gone = true;
                  shelves
                      .index()
                      .remove(
                          shelves.index().images().stream()
                              .filter(
                                  i ->
                                      i.layers().stream()
                                          .anyMatch(l -> l.key().equals(layer.key())))
                              .map(StoredImage::id)
                              .toList());
                }
              }
              return gone;
            });
  }

  /** As {@link ImageStore#mount}. */
  RootFilesystem mount(String imageId, String containerId, MountOptions options) {
    try (Held held = hold(imageId)) {
      for (String key : held.keys()) {
        if (!shelves.lazy().isReadable(key)) {
          throw new ImageException(
              ImageFault.HOST,
              "cannot mount image " + imageId + ": layer " + key + " is not whole; pull it again");
        }
      }
      if (shelves.roots().find(containerId).isEmpty()) {
        requireSound(imageId, held.image().layers());
      }
      return shelves.roots().mount(imageId, held.keys(), containerId, options);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException(
          ImageFault.HOST, "cannot mount image " + imageId + ": interrupted", e);
    }
  }
}
