package dev.nacelle.image;

import dev.nacelle.kernel.mount.DiskSpace;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes images: those that were asked for, and unused ones where room lacks. What is pinned,
 * mounted, or used by pods stays. Decides and takes out under the lock of the index; the files are
 * deleted after it, so that nobody's start waits for that. A thread of its own makes room before it
 * is needed. Safe for any thread.
 */
final class ImageGarbage implements ImageDisk.Room, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageGarbage.class);
  private static final int MOST_HOLDERS = 5;
  private static final Duration AFTER_NOTHING = Duration.ofSeconds(1);

  private final Shelves from;
  private final Clock clock;
  private final ImageDiskMetrics metrics;
  private final Semaphore scarce = new Semaphore(0);
  private final Thread thread;

  /** Empty until the node has said which pods there are: nothing goes by itself before. */
  private volatile Optional<Supplier<Set<String>>> pods = Optional.empty();

  ImageGarbage(Shelves from, Clock clock) {
    this.from = from;
    this.clock = clock;
    this.metrics = from.disk().settings().metrics();
    this.thread = Thread.ofPlatform().daemon().name("nacelle-image-room").unstarted(this::run);
  }

  /** Measures the disk, then makes room whenever it is scarce. */
  void start() {
    from.disk().roomBy(this);
    thread.start();
  }

  void usedBy(Supplier<Set<String>> imageIds) {
    pods = Optional.of(imageIds);
    scarce();
  }

  /** What was taken out, and is still to be deleted. */
  private record Taken(
      List<String> names, List<String> ids, List<LayerStore.Doomed> layers, long blobBytes) {}

  Freed remove(ImageReference reference) {
    Optional<Taken> taken =
        from.lock()
            .locked(
                "remove image " + reference,
                () -> {
                  StoredImage image =
                      from.index()
                          .resolve(reference)
                          .orElseThrow(
                              () ->
                                  new ImageException(
                                      ImageFault.NOT_FOUND,
                                      "cannot remove image " + reference + ": it is not here"));
                  Optional<StoredImage> left =
                      reference.digest().isPresent()
                          ? Optional.empty()
                          : image
                              .withoutName(reference.toString())
                              .filter(i -> !i.names().isEmpty());
                  if (left.isPresent()) {
                    from.index().replace(left.get());
                    return Optional.empty();
                  }
                  if (from.roots().imagesInUse().contains(image.id())) {
                    throw new ImageException(
                        ImageFault.IN_USE,
                        "cannot remove image " + reference + ": a container uses it");
                  }
                  return Optional.of(takeOut(List.of(image.id())));
                });
    return taken.isPresent()
        ? delete(taken.get(), ImageDiskMetrics.Cause.ASKED)
        : new Freed(List.of(reference.toString()), List.of(), 0, 0);
  }

  Freed prune(Set<String> imageIdsInUse) {
    Set<String> ofPods = ofPods();
    Taken taken =
        from.lock()
            .locked(
                "prune images",
                () -> {
                  Set<String> used = inUse(imageIdsInUse, ofPods);
                  return takeOut(
                      from.index().images().stream()
                          .map(StoredImage::id)
                          .filter(id -> !used.contains(id))
                          .toList());
                });
    return delete(taken, ImageDiskMetrics.Cause.ASKED);
  }

  /** As the kubelet does. */
  Freed collect(Set<String> imageIdsInUse, GarbageThresholds thresholds) {
    from.disk().measureAll();
    DiskSpace space = DiskSpace.of(from.layout().root());
    long toFree =
        GarbagePlan.excessBytes(space.capacityBytes(), space.availableBytes(), thresholds);
    return toFree <= 0
        ? Freed.NOTHING
        : free(imageIdsInUse, toFree, thresholds.minimumAge(), ImageDiskMetrics.Cause.THRESHOLD);
  }

  @Override
  public long make(long bytes) {
    return pods.isEmpty()
        ? 0
        : free(Set.of(), bytes, Duration.ZERO, ImageDiskMetrics.Cause.ROOM).bytes();
  }

  /** First what belongs to no image, then images, longest unused first. */
  private Freed free(
      Set<String> imageIdsInUse, long bytes, Duration minimumAge, ImageDiskMetrics.Cause cause) {
    Set<String> ofPods = ofPods();
    Freed orphans =
        delete(from.lock().locked("make room", () -> takeOut(List.<String>of())), cause);
    if (orphans.bytes() >= bytes) {
      return orphans;
    }
    long toFree = bytes - orphans.bytes();
    Freed images =
        delete(
            from.lock()
                .locked(
                    "make room",
                    () ->
                        takeOut(plan(inUse(imageIdsInUse, ofPods), toFree, minimumAge).imageIds())),
            cause);
    return new Freed(
        images.names(),
        images.imageIds(),
        orphans.bytes() + images.bytes(),
        Math.max(0, toFree - images.bytes()));
  }

  private GarbagePlan plan(Set<String> used, long toFree, Duration minimumAge) {
    return GarbagePlan.of(
        from.index().images().stream().map(StoredImage::toResolved).toList(),
        used,
        from.pins().all(),
        from.disk()::layerBytes,
        toFree,
        clock.instant().minus(minimumAge));
  }

  private Set<String> ofPods() {
    return pods.map(Supplier::get).orElse(Set.of());
  }

  private Set<String> inUse(Set<String> some, Set<String> ofPods) {
    var used = new HashSet<>(some);
    used.addAll(ofPods);
    used.addAll(from.roots().imagesInUse());
    return used;
  }

  /** Takes images out of the index, and all that no remaining one needs out of its place. */
  private Taken takeOut(List<String> ids) throws IOException {
    var names = new ArrayList<String>();
    for (String id : ids) {
      from.index().find(id).ifPresent(i -> names.addAll(i.names()));
    }
    from.index().remove(ids);
    Set<String> kept = new HashSet<>(from.pins().all());
    from.index().images().forEach(image -> kept.addAll(image.parts()));
    kept.addAll(from.roots().retainLayers(kept));
    from.lazy().discardAllBut(kept);
    from.starts()
        .forgetGone(
            from.index().images().stream()
                .flatMap(i -> i.manifests().stream())
                .collect(Collectors.toSet()));
    List<LayerStore.Doomed> doomed = from.layers().takeOutAllBut(kept);
    from.proved().retain(kept);
    long blobBytes = from.index().removeBlobsBut(kept);
    return new Taken(names, ids, doomed, blobBytes);
  }

  private Freed delete(Taken taken, ImageDiskMetrics.Cause cause) {
    long bytes = taken.blobBytes();
    try {
      bytes += from.layers().delete(taken.layers());
      if (taken.blobBytes() > 0) {
        from.disk().measureBeside();
      }
    } catch (IOException e) {
      throw Faults.of(e, "remove layers");
    }
    var freed = new Freed(taken.names(), taken.ids(), bytes, 0);
    if (bytes > 0 || !taken.ids().isEmpty()) {
      metrics.freed(cause, freed);
      from.lazy().filling().forEach(layer -> layer.layer().goOn());
    }
    return freed;
  }

  @Override
  public void scarce() {
    if (scarce.availablePermits() == 0) {
      scarce.release();
    }
  }

  @Override
  public String holders() {
    if (pods.isEmpty()) {
      return "nothing can be removed before the node runs";
    }
    Set<String> ofPods = ofPods();
    return from.lock().locked("read the index", () -> holders(inUse(Set.of(), ofPods)));
  }

  private String holders(Set<String> used) {
    List<StoredImage> images =
        from.index().images().stream()
            .filter(image -> used.contains(image.id()))
            .sorted(Comparator.comparing(this::diskBytes).reversed())
            .toList();
    if (images.isEmpty()) {
      return "no pod uses an image";
    }
    var held = new StringBuilder("pods use ");
    for (StoredImage image : images.subList(0, Math.min(MOST_HOLDERS, images.size()))) {
      held.append(image.shownName()).append(" (").append(diskBytes(image)).append(" bytes), ");
    }
    int more = images.size() - MOST_HOLDERS;
    return more > 0
        ? held.append("and ").append(more).append(" more").toString()
        : held.substring(0, held.length() - 2);
  }

  private long diskBytes(StoredImage image) {
    return from.disk().bytesOf(image.layers().stream().map(StoredLayer::key));
  }

  private void run() {
    try {
      measure();
      while (true) {
        scarce.acquire();
        scarce.drainPermits();
        keepRoom();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed; the thread ends here
    }
  }

  private void measure() {
    try {
      from.disk().measureAll();
    } catch (RuntimeException e) {
      LOG.warn("cannot measure the disk of images; tried again when images are collected", e);
    }
  }

  private void keepRoom() throws InterruptedException {
    long freed = 0;
    try {
      long bytes = from.disk().scarceBytes();
      if (bytes <= 0) {
        return;
      }
      freed = make(bytes);
      LOG.info("room for images was scarce: {} bytes were wanted, {} freed", bytes, freed);
    } catch (RuntimeException e) {
      LOG.warn("cannot make room for images", e);
    }
    if (freed == 0) {
      TimeUnit.NANOSECONDS.sleep(AFTER_NOTHING.toNanos()); // all is in use: not at each chunk
    }
  }

  @Override
  public void close() {
    from.disk().roomBy(ImageDisk.Room.NONE);
    thread.interrupt();
    try {
      thread.join(AFTER_NOTHING.multipliedBy(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
