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
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The image store below one node directory: {@code images/} for what is kept, {@code containers/}
 * for what is mounted. One process at a time may have it open; the platform's lock on its data
 * directory sees to that.
 */
public final class LocalImageStore implements ImageStore {
  private static final long FETCH_BYTES = 64L << 20;

  /**
   * How what is here is kept.
   *
   * @param disk how much of the disk there is for images
   * @param atRest counts what is compared on the disk
   */
  public record Upkeep(ImageDiskSettings disk, RestMetrics atRest) {}

  private final StoreLayout layout;
  private final RegistryClient registries;
  private final Platform host = Platform.host();

  /** Guards the index. */
  private final IndexLock lock = new IndexLock();

  private final Pins pins = new Pins(lock);
  private final ImageDisk disk;
  private final LayerStore layers;
  private final ProvedLayers proved;
  private final LazyLayers lazy;
  private final LazyReading reading;
  private final StartTraces starts;
  private final RootMounts roots;
  private final LayersAtRest atRest;
  private final FillListeners fillListeners = new FillListeners();

  private final ImageIndex index;
  private final IndexWriting writing;
  private final ImageGarbage garbage;
  private final ImageArrivals arrivals;
  private final SoundMounts mounts;

  private LocalImageStore(
      StoreLayout layout,
      RegistryClient registries,
      Peers peers,
      LazyReading reading,
      Upkeep upkeep,
      Clock clock)
      throws IOException, InterruptedException {
    this.layout = layout;
    this.registries = registries;
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
    var kernel = new KernelVerity(layout);
    disk = new ImageDisk(layout, upkeep.disk());
    layers = new LayerStore(layout, LayerLimits.DEFAULT, kernel, disk);
    proved = new ProvedLayers(layout, layers, kernel);
    roots = new RootMounts(layout, proved);
    this.reading = reading;
    lazy =
        LazyLayers.open(
            layout,
            layers,
            new FillingLayer.Surroundings(
                registries, peers, clock, LazyLayerFiles.currentBoot(), disk),
            reading,
            (key, message) -> fillListeners.failed(roots.containersOn(key), message),
            this::settled);
    atRest = new LayersAtRest(layout, layers.seals(), lazy, roots, proved, upkeep.atRest());
    index = ImageIndex.open(layout); // when the layers that did not reach the disk are gone
    index.removeOtherBlobs();
    writing = new IndexWriting(() -> lock.locked("write the index", this::writeIndex));
    peers.stock(new SharedLayers(layout, layers));
    starts = new StartTraces(layout, registries, clock);
    var shelves = new Shelves(layout, index, lock, pins, layers, lazy, proved, roots, starts, disk);
    arrivals = new ImageArrivals(shelves, registries, reading, writing, clock);
    mounts = new SoundMounts(shelves, atRest, clock);
    garbage = new ImageGarbage(shelves, clock);
    garbage.start();
  }

  /** A layer has become whole. */
  private void settled(String key) {
    proved.prepare(key);
    disk.measure(key);
  }

  /** As the other, where nothing can be filled while it is read: no platform runs. */
  public static LocalImageStore open(Path nodeDirectory, RegistryClient registries, Clock clock)
      throws InterruptedException {
    return open(
        nodeDirectory, registries, new LazyReading.Missing("the platform does not run"), clock);
  }

  /** As the other, on a disk without a quota. */
  public static LocalImageStore open(
      Path nodeDirectory, RegistryClient registries, LazyReading reading, Clock clock)
      throws InterruptedException {
    return open(nodeDirectory, registries, reading, ImageDiskSettings.unbounded(), clock);
  }

  /** As the other, of a host that knows nobody. */
  public static LocalImageStore open(
      Path nodeDirectory,
      RegistryClient registries,
      LazyReading reading,
      ImageDiskSettings settings,
      Clock clock)
      throws InterruptedException {
    var nobody = new Peers(new PeerMetrics(new Metrics()));
    var upkeep = new Upkeep(settings, new RestMetrics(new Metrics()));
    return open(nodeDirectory, registries, nobody, reading, upkeep, clock);
  }

  /**
   * Opens the store; takes over what is mounted and what is being filled, clears what a killed
   * process left.
   *
   * @param nodeDirectory {@code DIR/node}; made if it is not there
   * @param registries stays the caller's to close
   * @param peers who is asked before them, and given what is here; the caller's too
   * @param upkeep how what is here is kept
   * @throws ImageException with {@link ImageFault#HOST} if the directory cannot be used
   */
  public static LocalImageStore open(
      Path nodeDirectory,
      RegistryClient registries,
      Peers peers,
      LazyReading reading,
      Upkeep upkeep,
      Clock clock)
      throws InterruptedException {
    try {
      return new LocalImageStore(
          new StoreLayout(nodeDirectory), registries, peers, reading, upkeep, clock);
    } catch (IOException e) {
      throw Faults.of(e, "open image store " + nodeDirectory);
    }
  }

  /** The layers of an image that are not whole and are filled as they are read. */
  List<FillingLayer> filling(ResolvedImage image) {
    return lazy.filling(image);
  }

  @Override
  public Ensured ensure(PullRequest request, PullProgress progress) throws InterruptedException {
    return arrivals.ensure(request, progress);
  }

  private boolean writeIndex() throws IOException {
    if (index.isUnwritten()) {
      index.write();
    }
    return true;
  }

  /** Makes durable that the images are here of which a pull has said so. */
  public void settle() {
    lock.locked("write the index", this::writeIndex);
  }

  @Override
  public Optional<ResolvedImage> resolve(ImageReference reference) {
    return arrivals.resolve(reference);
  }

  @Override
  public Optional<ResolvedImage> find(String imageId) {
    return lock.locked("read the index", () -> index.find(imageId).map(StoredImage::toResolved));
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
          .read(
              source,
              content -> arrivals.take(content, List.of(name.toString()), List.of()).toResolved());
    } catch (IOException e) {
      throw Faults.of("import " + source, e);
    }
  }

  @Override
  public List<ResolvedImage> list() {
    return lock.locked(
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
    return garbage.remove(reference);
  }

  @Override
  public Freed prune(Set<String> imageIdsInUse) {
    return garbage.prune(imageIdsInUse);
  }

  @Override
  public Freed collectGarbage(Set<String> imageIdsInUse, GarbageThresholds thresholds) {
    return garbage.collect(imageIdsInUse, thresholds);
  }

  @Override
  public void usedBy(Supplier<Set<String>> imageIds) {
    garbage.usedBy(imageIds);
  }

  @Override
  public boolean isArriving(String imageId) {
    return find(imageId).filter(image -> !lazy.filling(image).isEmpty()).isPresent();
  }

  @Override
  public void requireSound(String imageId) throws InterruptedException {
    mounts.requireSound(imageId);
  }

  /**
   * Begins to compare the layers of which it is not known that they are as they came, so that their
   * first mount need not wait.
   */
  public void compareAtLeisure() {
    atRest.begin(
        lock.locked(
            "read the index",
            () -> index.images().stream().flatMap(i -> i.layers().stream()).distinct().toList()));
  }

  @Override
  public RootFilesystem mount(String imageId, String containerId, MountOptions options) {
    return mounts.mount(imageId, containerId, options);
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
    lock.locked("unmount layers", () -> roots.retainLayers(pins.all()));
  }

  @Override
  public ImageUsage usage() {
    long used = disk.usedBytes();
    return lock.locked(
        "measure the store",
        () -> {
          long size = 0;
          long files = 0;
          var keys = new HashSet<String>();
          for (StoredImage image : index.images()) {
            for (StoredLayer layer : image.layers()) {
              if (keys.add(layer.key())) {
                size += layer.built().sizeBytes();
                files += 4;
              }
            }
          }
          DiskSpace space = DiskSpace.of(layout.root());
          return new ImageUsage(
              index.images().size(),
              keys.size(),
              size,
              used,
              files,
              disk.settings().quotaBytes(),
              space.capacityBytes(),
              space.availableBytes(),
              space.inodes(),
              space.inodesFree());
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
            roots.layerCapability(metadata, data, target),
            LazyLayers.capability(reading),
            roots.atRest());
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

  private void fetchAll(ImageLayer layer, FillingLayer filling, LayerProgress progress)
      throws InterruptedException {
    long size = filling.layer().index().dataBytes();
    try {
      for (long at = 0; at < size && !filling.isWhole(); at += FETCH_BYTES) {
        progress.at(LayerProgress.Phase.PULL, layer.diffId(), at, size);
        disk.require("fetch layer " + layer.diffId(), Math.min(FETCH_BYTES, size - at));
        filling.fill(at, Math.min(FETCH_BYTES, size - at));
      }
      progress.at(LayerProgress.Phase.PULL, layer.diffId(), size, size);
    } catch (IOException e) {
      if (!filling.isWhole()) { // else it was closed, being whole
        throw Faults.of("fetch layer " + layer.diffId(), e);
      }
    }
  }

  /** What an image takes on the disk now; layers shared with other images count here too. */
  public long diskBytes(ResolvedImage image) {
    return disk.bytesOf(image.layers().stream().map(ImageLayer::key));
  }

  /** What the verbs on images work with. */
  LocalParts parts() {
    return new LocalParts(layout, registries, pins, layers, roots, atRest, starts);
  }

  /** As {@link #resolve}, with all that the index keeps. */
  Optional<StoredImage> stored(ImageReference reference) {
    return lock.locked("read the index", () -> index.resolve(reference));
  }

  /** Takes in an image for {@code platform}, which this host need not be, without a tag. */
  ResolvedImage bring(ImageContent content, String repoDigest, Platform platform)
      throws InterruptedException {
    return arrivals.bring(content, repoDigest, platform);
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
    garbage.close();
    starts.close();
    writing.close();
    atRest.close();
    layers.close();
    lazy.close();
    lock.locked(
        "write the index",
        () -> {
          index.write(); // the times of last use
          return true;
        });
  }
}
