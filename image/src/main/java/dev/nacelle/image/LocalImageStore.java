package dev.nacelle.image;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.image.layer.LayerBuilder;
import dev.nacelle.image.layer.LayerLimits;
import dev.nacelle.image.peer.PeerMetrics;
import dev.nacelle.image.peer.Peers;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.kernel.mount.DiskSpace;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The image store below one node directory: {@code images/} for what is kept, {@code containers/}
 * for what is mounted. One process at a time may have it open; the platform's lock on its data
 * directory sees to that.
 */
public final class LocalImageStore implements ImageStore {
  private static final long FETCH_BYTES = 64L << 20;

  private final StoreLayout layout;
  private final RegistryClient registries;
  private final Clock clock;
  private final Platform host = Platform.host();
  private final Pins pins = new Pins();
  private final LayerStore layers;
  private final LazyLayers lazy;
  private final LazyReading reading;
  private final ImageAssembly assembly;
  private final StartTraces starts;
  private final RootMounts roots;
  private final FillListeners fillListeners = new FillListeners();

  /** By reference: one pull at a time of what is wanted if it is not here. */
  private final Map<ImageReference, ReentrantLock> pulls = new ConcurrentHashMap<>();

  /** Guards the index. */
  private final ReentrantLock lock = new ReentrantLock();

  private final ImageIndex index;

  private LocalImageStore(
      StoreLayout layout, RegistryClient registries, Peers peers, LazyReading reading, Clock clock)
      throws IOException, InterruptedException {
    this.layout = layout;
    this.registries = registries;
    this.clock = clock;
    for (Path directory :
        List.of(
            layout.blobs(),
            layout.layers(),
            layout.mounts(),
            layout.empty(),
            layout.beneath(),
            layout.containers())) {
      Files.createDirectories(directory);
    }
    Trees.delete(layout.temporary()); // what a killed process was making
    Files.createDirectories(layout.temporary());
    index = ImageIndex.open(layout);
    layers = new LayerStore(layout, LayerLimits.DEFAULT);
    roots = new RootMounts(layout);
    this.reading = reading;
    lazy =
        LazyLayers.open(
            layout,
            layers,
            new FillingLayer.Surroundings(registries, peers, clock, LazyLayerFiles.currentBoot()),
            reading,
            (key, message) -> fillListeners.failed(roots.containersOn(key), message));
    peers.stock(new SharedLayers(layout, layers));
    assembly = new ImageAssembly(layout, layers, lazy, clock);
    starts = new StartTraces(layout, registries, clock);
  }

  /** As the other, where nothing can be filled while it is read: no platform runs. */
  public static LocalImageStore open(Path nodeDirectory, RegistryClient registries, Clock clock)
      throws InterruptedException {
    return open(
        nodeDirectory, registries, new LazyReading.Missing("the platform does not run"), clock);
  }

  /** As the other, of a host that knows nobody. */
  public static LocalImageStore open(
      Path nodeDirectory, RegistryClient registries, LazyReading reading, Clock clock)
      throws InterruptedException {
    return open(
        nodeDirectory, registries, new Peers(new PeerMetrics(new Metrics())), reading, clock);
  }

  /**
   * Opens the store; takes over what is mounted and what is being filled, clears what a killed
   * process left.
   *
   * @param nodeDirectory {@code DIR/node}; made if it is not there
   * @param registries stays the caller's to close
   * @param peers who is asked before them, and given what is here; the caller's too
   * @throws ImageException with {@link ImageFault#HOST} if the directory cannot be used
   */
  public static LocalImageStore open(
      Path nodeDirectory, RegistryClient registries, Peers peers, LazyReading reading, Clock clock)
      throws InterruptedException {
    try {
      return new LocalImageStore(new StoreLayout(nodeDirectory), registries, peers, reading, clock);
    } catch (IOException e) {
      throw Faults.of(e, "open image store " + nodeDirectory);
    }
  }

  @Override
  public Ensured ensure(PullRequest request, PullProgress progress) throws InterruptedException {
    ImageReference reference = request.reference();
    Optional<ResolvedImage> here = resolve(reference);
    return switch (request.policy()) {
      case NEVER ->
          new Ensured.AlreadyPresent(
              here.orElseThrow(
                  () ->
                      new ImageException(
                          ImageFault.NEVER_PULL,
                          "Container image \""
                              + reference
                              + "\" is not present with pull policy of Never")));
      case IF_NOT_PRESENT ->
          here.isPresent() ? new Ensured.AlreadyPresent(here.get()) : pullOnce(request, progress);
      case ALWAYS -> pull(request, progress);
    };
  }

  /** Those that come meanwhile find it here. */
  private Ensured pullOnce(PullRequest request, PullProgress progress) throws InterruptedException {
    Instant start = clock.instant();
    ReentrantLock mine = pulls.computeIfAbsent(request.reference(), r -> new ReentrantLock());
    mine.lockInterruptibly();
    try {
      Optional<ResolvedImage> meanwhile = resolve(request.reference());
      return meanwhile.isPresent()
          ? new Ensured.Pulled(
              meanwhile.get(),
              Duration.ZERO,
              Duration.between(start, clock.instant()),
              0,
              new Arrival.Here())
          : pull(request, progress);
    } finally {
      if (!mine.hasQueuedThreads()) {
        pulls.remove(request.reference(), mine);
      }
      mine.unlock();
    }
  }

  private Ensured pull(PullRequest request, PullProgress progress) throws InterruptedException {
    Instant start = clock.instant();
    var pull = new ImagePull(registries, request, progress);
    ImagePull.Remote remote = pull.resolve(host);
    ImageReference reference = request.reference();
    String repoDigest = reference.repository() + "@" + remote.resolved().digest();
    List<String> names =
        reference.tag().isEmpty() || reference.digest().isPresent()
            ? List.of()
            : List.of(reference.toString());
    Optional<StoredImage> same = byManifest(remote.resolved().digest());
    StoredImage image;
    Arrival arrival = new Arrival.Here();
    if (same.filter(this::isReadable).isPresent()) {
      StoredImage old = same.get();
      image =
          put(
              new StoredImage(
                  old.id(),
                  names,
                  List.of(repoDigest),
                  old.manifests(),
                  old.config(),
                  old.layers(),
                  clock.instant()));
    } else {
      ImageContent content = pull.content(remote);
      arrival = arrival(content);
      image = takeOrClose(content, names, List.of(repoDigest));
      starts.begin(
          new StartTraces.Start(
              reference,
              remote.credential(),
              remote.imageManifest(),
              content.streamed(),
              filling(image)));
    }
    Duration took = Duration.between(start, clock.instant());
    return new Ensured.Pulled(image.toResolved(), took, took, pull.fetchedBytes(), arrival);
  }

  private List<FillingLayer> filling(StoredImage image) {
    return image.layers().stream().flatMap(l -> lazy.filling(l.key()).stream()).toList();
  }

  private Arrival arrival(ImageContent content) {
    if (!content.streamed().lacking().isEmpty()) {
      return new Arrival.Whole(content.streamed().lacking());
    }
    return switch (reading) {
      case LazyReading.Available available -> new Arrival.Streamed();
      case LazyReading.Missing(String why) -> new Arrival.Whole(why);
    };
  }

  /** As {@link #take}; what a failure leaves open is closed. */
  private StoredImage takeOrClose(
      ImageContent content, List<String> names, List<String> repoDigests)
      throws InterruptedException {
    boolean taken = false;
    try {
      StoredImage image = take(content, names, repoDigests);
      taken = true;
      return image;
    } finally {
      if (!taken) {
        content.streamed().close();
      }
    }
  }

  private StoredImage take(ImageContent content, List<String> names, List<String> repoDigests)
      throws InterruptedException {
    try (Pins.Pin pin = pins.pin(ImageAssembly.pinNames(content))) {
      return put(assembly.assemble(content, names, repoDigests, host));
    }
  }

  private StoredImage put(StoredImage image) {
    return locked("record image " + image.id(), () -> index.put(image));
  }

  private Optional<StoredImage> byManifest(String digest) {
    return locked(
        "read the index",
        () -> index.images().stream().filter(i -> i.manifests().contains(digest)).findFirst());
  }

  @Override
  public Optional<ResolvedImage> resolve(ImageReference reference) {
    return locked(
        "read the index",
        () -> index.resolve(reference).filter(this::isReadable).map(StoredImage::toResolved));
  }

  /** What an earlier process left half is none where it cannot be filled on reading any more. */
  private boolean isReadable(StoredImage image) {
    return image.layers().stream().allMatch(l -> lazy.isReadable(l.key()));
  }

  @Override
  public Optional<ResolvedImage> find(String imageId) {
    return locked("read the index", () -> index.find(imageId).map(StoredImage::toResolved));
  }

  @Override
  public ResolvedImage importArchive(Path source, ImageReference name) throws InterruptedException {
    if (name.digest().isPresent()) {
      throw new ImageException(
          ImageFault.INVALID_NAME,
          "cannot import as " + name + ": a name for an import must not have a digest");
    }
    if (!Files.exists(source)) {
      throw new ImageException(
          ImageFault.NOT_FOUND, "cannot import " + source + ": there is no such file");
    }
    try {
      return new ImageImport(layout, layers, host)
          .read(source, content -> take(content, List.of(name.toString()), List.of()).toResolved());
    } catch (IOException e) {
      throw Faults.of("import " + source, e);
    }
  }

  @Override
  public List<ResolvedImage> list() {
    return locked(
        "read the index",
        () ->
            index.images().stream()
                .map(StoredImage::toResolved)
                .sorted(
                    Comparator.comparing(
                        (ResolvedImage i) ->
                            Stream.concat(i.names().stream(), i.repoDigests().stream())
                                .findFirst()
                                .orElse(i.id())))
                .toList());
  }

  @Override
  public Freed remove(ImageReference reference) {
    return locked(
        "remove image " + reference,
        () -> {
          StoredImage image =
              index
                  .resolve(reference)
                  .orElseThrow(
                      () ->
                          new ImageException(
                              ImageFault.NOT_FOUND,
                              "cannot remove image " + reference + ": it is not here"));
          Optional<StoredImage> left =
              reference.digest().isPresent()
                  ? Optional.empty()
                  : image.withoutName(reference.toString()).filter(i -> !i.names().isEmpty());
          if (left.isPresent()) {
            index.replace(left.get());
            return new Freed(List.of(reference.toString()), List.of(), 0);
          }
          if (roots.imagesInUse().contains(image.id())) {
            throw new ImageException(
                ImageFault.IN_USE, "cannot remove image " + reference + ": a container uses it");
          }
          return removeAll(List.of(image.id()));
        });
  }

  @Override
  public Freed prune(Set<String> imageIdsInUse) {
    return locked(
        "prune images",
        () -> {
          Set<String> used = new HashSet<>(imageIdsInUse);
          used.addAll(roots.imagesInUse());
          return removeAll(
              index.images().stream()
                  .map(StoredImage::id)
                  .filter(id -> !used.contains(id))
                  .toList());
        });
  }

  @Override
  public Freed collectGarbage(Set<String> imageIdsInUse, GarbageThresholds thresholds) {
    return locked(
        "collect images",
        () -> {
          Set<String> used = new HashSet<>(imageIdsInUse);
          used.addAll(roots.imagesInUse());
          DiskSpace disk = DiskSpace.of(layout.root());
          GarbagePlan plan =
              GarbagePlan.of(
                  index.images().stream().map(StoredImage::toResolved).toList(),
                  used,
                  disk.capacityBytes(),
                  disk.availableBytes(),
                  thresholds,
                  clock.instant());
          return plan.equals(GarbagePlan.NOTHING) ? Freed.NOTHING : removeAll(plan.imageIds());
        });
  }

  /** Takes images out of the index, then everything away that no remaining image needs. */
  private Freed removeAll(List<String> ids) throws IOException {
    var names = new ArrayList<String>();
    for (String id : ids) {
      index.find(id).ifPresent(i -> names.addAll(i.names()));
    }
    index.remove(ids);
    Set<String> kept = new HashSet<>(pins.all());
    for (StoredImage image : index.images()) {
      kept.add(StoreLayout.hex(image.id()));
      image.manifests().forEach(m -> kept.add(StoreLayout.hex(m)));
      image.layers().forEach(l -> kept.add(l.key()));
    }
    kept.addAll(roots.retainLayers(kept));
    lazy.discardAllBut(kept);
    starts.forgetGone(
        index.images().stream().flatMap(i -> i.manifests().stream()).collect(Collectors.toSet()));
    long freed = layers.retain(kept);
    try (Stream<Path> blobs = Files.list(layout.blobs())) {
      for (Path blob : blobs.toList()) {
        if (!kept.contains(blob.getFileName().toString())) {
          freed += Files.size(blob);
          Files.deleteIfExists(blob);
        }
      }
    }
    return new Freed(names, ids, freed);
  }

  @Override
  public RootFilesystem mount(String imageId, String containerId, MountOptions options) {
    List<String> keys;
    Pins.Pin pin;
    lock.lock();
    try {
      StoredImage image =
          index
              .find(imageId)
              .orElseThrow(
                  () ->
                      new ImageException(
                          ImageFault.NOT_FOUND,
                          "cannot mount image " + imageId + ": it is not here"));
      index.used(imageId, clock.instant());
      keys = image.layers().stream().map(StoredLayer::key).toList();
      pin = pins.pin(keys); // a mount need not wait for the index to be written
    } finally {
      lock.unlock();
    }
    try (pin) {
      for (String key : keys) {
        if (!lazy.isReadable(key)) {
          throw new ImageException(
              ImageFault.HOST,
              "cannot mount image " + imageId + ": layer " + key + " is not whole; pull it again");
        }
      }
      return roots.mount(imageId, keys, containerId, options);
    }
  }

  @Override
  public Optional<RootFilesystem> mounted(String containerId) {
    return roots.find(containerId);
  }

  @Override
  public Set<String> mountedContainers() {
    return roots.containers();
  }

  @Override
  public void unmount(String containerId) {
    roots.unmount(containerId);
  }

  @Override
  public void unmountIdleLayers() {
    locked("unmount layers", () -> roots.retainLayers(Set.of()));
  }

  @Override
  public ImageUsage usage() {
    return locked(
        "measure the store",
        () -> {
          long bytes = 0;
          long files = 0;
          var keys = new HashSet<String>();
          for (StoredImage image : index.images()) {
            for (StoredLayer layer : image.layers()) {
              if (keys.add(layer.key())) {
                bytes += layer.built().sizeBytes();
                files += 4;
              }
            }
          }
          DiskSpace disk = DiskSpace.of(layout.root());
          return new ImageUsage(
              index.images().size(),
              keys.size(),
              bytes,
              files,
              disk.capacityBytes(),
              disk.availableBytes(),
              disk.inodes(),
              disk.inodesFree());
        });
  }

  @Override
  public List<Capability> capabilities() {
    try {
      Path probe = Files.createTempDirectory(layout.temporary(), "probe-");
      try {
        Path metadata = probe.resolve(LayerStore.METADATA);
        Path data = probe.resolve(LayerStore.DATA);
        LayerBuilder.build(
            new ByteArrayInputStream(new byte[1024]), metadata, data, LayerLimits.DEFAULT);
        Path target = Files.createDirectory(probe.resolve("mount"));
        return List.of(
            roots.layerCapability(metadata, data, target), LazyLayers.capability(reading));
      } finally {
        Trees.delete(probe);
      }
    } catch (IOException e) {
      throw Faults.of(e, "probe this kernel");
    }
  }

  /** Fetches what is missing of an image that is filled as it is read. */
  public void fetchAll(ResolvedImage image, LayerProgress progress) throws InterruptedException {
    for (ImageLayer layer : image.layers()) {
      Optional<FillingLayer> filling = lazy.filling(layer.key());
      if (filling.isPresent()) {
        fetchAll(layer, filling.get(), progress);
      }
    }
  }

  private static void fetchAll(ImageLayer layer, FillingLayer filling, LayerProgress progress)
      throws InterruptedException {
    long size = filling.layer().index().dataBytes();
    try {
      for (long at = 0; at < size && !filling.isWhole(); at += FETCH_BYTES) {
        progress.at(LayerProgress.Phase.PULL, layer.diffId(), at, size);
        filling.fill(at, Math.min(FETCH_BYTES, size - at));
      }
      progress.at(LayerProgress.Phase.PULL, layer.diffId(), size, size);
    } catch (IOException e) {
      if (!filling.isWhole()) { // else it was closed, being whole
        throw Faults.of("fetch layer " + layer.diffId(), e);
      }
    }
  }

  /** What the verbs on images work with. */
  LocalParts parts() {
    return new LocalParts(layout, registries, pins, layers, roots);
  }

  /** As {@link #resolve}, with all that the index keeps. */
  Optional<StoredImage> stored(ImageReference reference) {
    return locked("read the index", () -> index.resolve(reference));
  }

  /** Takes in an image for {@code platform}, which this host need not be, without a tag. */
  ResolvedImage bring(ImageContent content, String repoDigest, Platform platform)
      throws InterruptedException {
    try (Pins.Pin pin = pins.pin(ImageAssembly.pinNames(content))) {
      return put(assembly.assemble(content, List.of(), List.of(repoDigest), platform)).toResolved();
    }
  }

  /** Random access to the data of one layer of a local image. */
  LayerSource open(StoredLayer layer) {
    return layers.open(layer);
  }

  @Override
  public Subscription onFillFailure(FillListener listener) {
    return fillListeners.add(listener);
  }

  @Override
  public void close() {
    starts.close();
    layers.close();
    lazy.close();
    locked(
        "write the index",
        () -> {
          index.write(); // the times of last use
          return true;
        });
  }

  @FunctionalInterface
  private interface Action<T> {
    T run() throws IOException;
  }

  private <T> T locked(String what, Action<T> action) {
    lock.lock();
    try {
      return action.run();
    } catch (IOException e) {
      throw Faults.of(e, what);
    } finally {
      lock.unlock();
    }
  }
}
