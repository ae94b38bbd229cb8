package dev.nacelle.testkit.node;

import dev.nacelle.image.Arrival;
import dev.nacelle.image.Capability;
import dev.nacelle.image.Ensured;
import dev.nacelle.image.Freed;
import dev.nacelle.image.GarbageThresholds;
import dev.nacelle.image.ImageConfig;
import dev.nacelle.image.ImageDiskSettings;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.ImageUsage;
import dev.nacelle.image.MountOptions;
import dev.nacelle.image.Platform;
import dev.nacelle.image.PullProgress;
import dev.nacelle.image.PullRequest;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.image.RootFilesystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/**
 * Images by name alone; every root filesystem is an empty directory. An image that is not here is
 * in the registry if the test put it there. Safe for any thread.
 */
public final class HandImages implements ImageStore {
  private final Path directory;
  private final Map<String, ResolvedImage> here = new HashMap<>();
  private final Set<String> inRegistry = new HashSet<>();
  private final Set<String> damaged = new HashSet<>();
  private final Map<String, RootFilesystem> mounts = new HashMap<>();
  private final Map<String, Integer> pulls = new HashMap<>();
  private volatile CountDownLatch registry = new CountDownLatch(0);

  public HandImages(Path directory) {
    this.directory = directory;
  }

  /** Makes an image present. */
  public synchronized HandImages add(String name) {
    ImageReference reference = ImageReference.parse(name);
    here.put(
        reference.toString(),
        new ResolvedImage(
            "sha256:" + "%064x".formatted(name.hashCode() & 0xFFFFFFFFL),
            List.of(reference.toString()),
            List.of(),
            new ImageConfig(
                Platform.host(),
                List.of("/bin/" + reference.repository()),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                List.of(),
                Map.of()),
            List.of(),
            1,
            Instant.now()));
    return this;
  }

  /** Puts an image into the registry. */
  public synchronized void publish(String name) {
    inRegistry.add(ImageReference.parse(name).toString());
  }

  /** How often an image was asked for in the registry. */
  public synchronized int pulls(String name) {
    return pulls.getOrDefault(ImageReference.parse(name).toString(), 0);
  }

  /** Pulls hang from now on, until {@link #answer}. */
  public void hang() {
    registry = new CountDownLatch(1);
  }

  public void answer() {
    registry.countDown();
  }

  @Override
  public Ensured ensure(PullRequest request, PullProgress progress) throws InterruptedException {
    registry.await();
    synchronized (this) {
      String name = request.reference().toString();
      pulls.merge(name, 1, Integer::sum);
      if (!inRegistry.contains(name)) {
        throw new ImageException(ImageFault.NOT_FOUND, name + ": not found");
      }
      add(name);
      return new Ensured.Pulled(
          java.util.Objects.requireNonNull(here.get(name)),
          Duration.ofMillis(5),
          Duration.ofMillis(6),
          1,
          new Arrival.Whole("by hand"));
    }
  }

  @Override
  public synchronized Optional<ResolvedImage> resolve(ImageReference reference) {
    return Optional.ofNullable(here.get(reference.toString()));
  }

  @Override
  public synchronized Optional<ResolvedImage> find(String imageId) {
    return here.values().stream().filter(i -> i.id().equals(imageId)).findFirst();
  }

  @Override
  public ResolvedImage importArchive(Path source, ImageReference name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized List<ResolvedImage> list() {
    return List.copyOf(here.values());
  }

  @Override
  public Freed remove(ImageReference reference) {
    throw new UnsupportedOperationException();
  }

  /** Damages an image that is here: who wants to mount it finds that, and it is gone. */
  public synchronized void damage(String name) {
    damaged.add(ImageReference.parse(name).toString());
  }

  @Override
  public boolean isArriving(String imageId) {
    return false;
  }

  @Override
  public synchronized void requireSound(String imageId) {
    for (ResolvedImage image : List.copyOf(here.values())) {
      if (image.id().equals(imageId) && damaged.removeAll(image.names())) {
        here.keySet().removeAll(image.names());
        throw new ImageException(ImageFault.DAMAGED, "layer a: chunk 3 differs from what came");
      }
    }
  }

  @Override
  public synchronized RootFilesystem mount(
      String imageId, String containerId, MountOptions options) {
    Path merged = directory.resolve(containerId);
    try {
      Files.createDirectories(merged);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var root = new RootFilesystem(containerId, imageId, merged, merged, merged, List.of());
    mounts.put(containerId, root);
    return root;
  }

  @Override
  public synchronized Optional<RootFilesystem> mounted(String containerId) {
    return Optional.ofNullable(mounts.get(containerId));
  }

  @Override
  public synchronized Set<String> mountedContainers() {
    return Set.copyOf(mounts.keySet());
  }

  @Override
  public synchronized void unmount(String containerId) {
    mounts.remove(containerId);
  }

  @Override
  public Freed prune(Set<String> imageIdsInUse) {
    return Freed.NOTHING;
  }

  @Override
  public Freed collectGarbage(Set<String> imageIdsInUse, GarbageThresholds thresholds) {
    return Freed.NOTHING;
  }

  @Override
  public void unmountIdleLayers() {}

  @Override
  public void usedBy(Supplier<Set<String>> imageIds) {}

  @Override
  public ImageUsage usage() {
    return new ImageUsage(0, 0, 0, 0, 0, ImageDiskSettings.NO_QUOTA, 1L << 40, 1L << 39, 1, 1);
  }

  @Override
  public List<Capability> capabilities() {
    return List.of();
  }

  @Override
  public Subscription onFillFailure(FillListener listener) {
    return () -> {};
  }

  @Override
  public void close() {}
}
