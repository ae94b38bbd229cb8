package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.AtomicFiles;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.layer.BuiltLayer;
import dev.nacelle.image.layer.LayerBuilder;
import dev.nacelle.image.layer.LayerLimits;
import dev.nacelle.image.layer.LayerSums;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The layers on this disk, each a directory of a metadata image, a data blob and {@code
 * layer.json}, complete or absent. Layers are built on a few platform threads of its own, because
 * unpacking keeps a processor busy; whoever wants a layer that is being built waits for that one.
 * Safe for any thread.
 */
final class LayerStore implements AutoCloseable {
  static final String METADATA = "metadata.erofs";
  static final String DATA = "data.blob";
  static final String DESCRIPTION = "layer.json";
  private static final int BUILDERS = 3;

  /** Opens the stream of a layer, compressed or not. */
  @FunctionalInterface
  interface Input {
    InputStream open() throws IOException, InterruptedException;
  }

  /** What a builder reads, so that another thread can end the read. */
  private static final class Opened {
    private volatile InputStream in = InputStream.nullInputStream();
  }

  private static final class Flight {
    private final Future<StoredLayer> layer;
    private final Opened opened;
    private int waiters;

    Flight(Future<StoredLayer> layer, Opened opened) {
      this.layer = layer;
      this.opened = opened;
    }

    /** Nobody waits any more: ends the work, and the read it may be blocked in. */
    void abandon() {
      if (layer.cancel(true)) {
        try {
          opened.in.close();
        } catch (IOException e) {
          // it was to end, and has
        }
      }
    }
  }

  private final StoreLayout layout;
  private final LayerLimits limits;
  private final KernelVerity kernel;
  private final LayerSeals seals;
  private final ImageDisk disk;
  private final ExecutorService builders =
      Executors.newFixedThreadPool(
          BUILDERS, Thread.ofPlatform().daemon().name("nacelle-layer-", 0).factory());

  /** By diff id; guarded by itself. */
  private final Map<String, Flight> flights = new HashMap<>();

  LayerStore(StoreLayout layout, LayerLimits limits, KernelVerity kernel, ImageDisk disk)
      throws IOException {
    this.layout = layout;
    this.limits = limits;
    this.kernel = kernel;
    this.disk = disk;
    this.seals = new LayerSeals(layout);
  }

  /** Which of the layers are known to be as they came. */
  LayerSeals seals() {
    return seals;
  }

  /** A layer that is here. */
  Optional<StoredLayer> find(String diffId) {
    return findKey(StoredLayer.key(diffId));
  }

  /** As the other, by the key. */
  Optional<StoredLayer> findKey(String key) {
    Path description = layout.layer(key).resolve(DESCRIPTION);
    try {
      var json = JsonReader.readObject(Bytes.wrap(Files.readAllBytes(description)));
      return Optional.of(StoredLayer.of(json));
    } catch (NoSuchFileException | JsonSyntaxException | NoSuchElementException e) {
      return Optional.empty(); // a damaged one is made anew
    } catch (IOException e) {
      throw Faults.of(e, "read layer " + key);
    }
  }

  /** Whether what lies beside the files of a layer describes it. */
  boolean isDescribed(StoredLayer layer) {
    return findKey(layer.key()).map(StoredLayer::built).filter(layer.built()::equals).isPresent();
  }

  /**
   * The layer of this diff id; where it is not here it is built from {@code input}, by one builder
   * however many ask.
   *
   * @param sizeBytes of the compressed layer, for a first look at the space
   */
  StoredLayer obtain(String diffId, long sizeBytes, Input input) throws InterruptedException {
    while (true) {
      Optional<StoredLayer> here = find(diffId);
      if (here.isPresent()) {
        return here.get();
      }
      Flight flight;
      synchronized (flights) {
        flight = flights.computeIfAbsent(diffId, d -> start(d, sizeBytes, input));
        flight.waiters++;
      }
      try {
        return await(flight.layer);
      } catch (java.util.concurrent.CancellationException e) {
        if (builders.isShutdown()) {
          throw new ImageException(ImageFault.HOST, "cannot pull: the image store is closing", e);
        }
        // the one whose input it was gave up just before we joined: begin anew
      } finally {
        leave(diffId, flight);
      }
    }
  }

  private Flight start(String diffId, long sizeBytes, Input input) {
    var opened = new Opened();
    Input remembering =
        () -> {
          InputStream in = input.open();
          opened.in = in;
          return in;
        };
    return new Flight(
        builders.submit(() -> build(Optional.of(diffId), sizeBytes, remembering)), opened);
  }

  /** Builds a layer whose diff id is not known beforehand. */
  StoredLayer build(Input input) throws InterruptedException {
    Future<StoredLayer> layer = builders.submit(() -> build(Optional.empty(), 0, input));
    try {
      return await(layer);
    } finally {
      layer.cancel(true);
    }
  }

  private void leave(String diffId, Flight flight) {
    synchronized (flights) {
      if (--flight.waiters == 0) {
        flight.abandon();
        flights.remove(diffId, flight);
      }
    }
  }

  private static StoredLayer await(Future<StoredLayer> layer) throws InterruptedException {
    try {
      return layer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ImageException known) {
        throw new ImageException(known.fault(), String.valueOf(known.getMessage()), known);
      }
      if (e.getCause() instanceof InterruptedException) {
        throw new java.util.concurrent.CancellationException("the builder was interrupted");
      }
      throw new IllegalStateException("cannot build a layer", e.getCause());
    }
  }

  private StoredLayer build(Optional<String> diffId, long sizeBytes, Input input)
      throws InterruptedException {
    try (ImageDisk.Claim space = disk.claim("unpack layer of " + sizeBytes + " bytes", sizeBytes)) {
      Path directory = Files.createTempDirectory(layout.temporary(), "layer-");
      try (InputStream in = input.open()) {
        BuiltLayer built =
            LayerBuilder.build(
                in,
                directory.resolve(METADATA),
                directory.resolve(DATA),
                directory.resolve(LayerSums.FILE),
                limits,
                space);
        in.transferTo(OutputStream.nullOutputStream()); // a verified stream speaks at its end
        if (diffId.isPresent() && !diffId.get().equals(built.diffId())) {
          throw new ImageException(
              ImageFault.DIGEST_MISMATCH,
              "cannot use layer: its uncompressed digest is "
                  + built.diffId()
                  + ", the image promises "
                  + diffId.get());
        }
        space.close(); // from here on the layer counts
        return publish(described(built, directory), directory);
      } finally {
        Trees.delete(directory);
      }
    } catch (IOException e) {
      throw Faults.of("unpack layer", e);
    }
  }

  /** With the roots of its files, just written, where the kernel proves them from now on. */
  private StoredLayer described(BuiltLayer built, Path directory) throws IOException {
    StoredLayer layer = StoredLayer.of(built);
    return kernel.proves()
        ? layer.with(HashFile.of(built).write(directory, directory.resolve(HashFile.NAME)))
        : layer;
  }

  /** Takes in the directory of a layer, with all its files but its description. */
  private StoredLayer publish(StoredLayer layer, Path directory) throws IOException {
    DurableFiles.writeAtomically(
        directory.resolve(DESCRIPTION),
        description(layer),
        DurableFiles.Mode.OWNER,
        layout.temporary());
    takeIn(layer.key(), directory);
    DurableFiles.syncDirectory(layout.layers());
    return layer;
  }

  /**
   * As the other, for a layer that is proved again after the machine has stopped: nobody waits for
   * the disk.
   */
  void publishUnsynced(StoredLayer layer, Path directory) throws IOException {
    AtomicFiles.replace(
        directory.resolve(DESCRIPTION), description(layer), DurableFiles.Mode.OWNER, directory);
    takeIn(layer.key(), directory);
  }

  private void takeIn(String key, Path directory) throws IOException {
    Path place = layout.layer(key);
    synchronized (this) {
      if (!Files.exists(place)) {
        Files.move(directory, place, StandardCopyOption.ATOMIC_MOVE);
        seals.made(key);
      }
    }
    disk.measure(key);
  }

  /** Makes durable what {@link #publishUnsynced} took in, with its data. */
  void sync(String key) throws IOException {
    Path layer = layout.layer(key);
    for (String file : List.of(METADATA, LocalParts.STREAM_INDEX, DESCRIPTION, DATA)) {
      DurableFiles.syncFile(layer.resolve(file));
    }
    DurableFiles.syncDirectory(layer);
    DurableFiles.syncDirectory(layout.layers());
  }

  private static Bytes description(StoredLayer layer) {
    return Bytes.utf8(layer.toJson().toString());
  }

  /** Takes a layer away from here; who has its files open keeps them. */
  void displace(String key) throws IOException {
    if (Files.exists(layout.layer(key))) {
      var gone = new Doomed(setAside(key), disk.takeOut(key));
      DurableFiles.syncDirectory(layout.layers());
      delete(List.of(gone));
    }
  }

  private Path setAside(String key) throws IOException {
    seals.forget(key);
    Path gone = Files.createTempDirectory(layout.temporary(), "gone-");
    Files.move(layout.layer(key), gone.resolve("layer"));
    return gone;
  }

  /** Random access to a layer's data. */
  LayerSource open(StoredLayer layer) {
    try {
      return new FileLayerSource(layout.layer(layer.key()).resolve(DATA), layer);
    } catch (IOException e) {
      throw Faults.of(e, "open layer " + layer.key());
    }
  }

  /** The keys of all layers on the disk. */
  List<String> keys() throws IOException {
    try (Stream<Path> all = Files.list(layout.layers())) {
      return all.map(p -> p.getFileName().toString()).toList();
    }
  }

  /** A layer that is not in its place any more, and still takes room. */
  record Doomed(Path directory, long sizeBytes) {}

  /** Takes the layers that are not in {@code kept} out of their places. */
  List<Doomed> takeOutAllBut(Set<String> kept) throws IOException {
    var doomed = new ArrayList<Doomed>();
    for (String key : keys()) {
      if (!kept.contains(key)) {
        doomed.add(new Doomed(setAside(key), disk.takeOut(key)));
      }
    }
    if (!doomed.isEmpty()) {
      DurableFiles.syncDirectory(layout.layers());
    }
    return doomed;
  }

  /** Deletes what was taken out; returns what that freed. */
  long delete(List<Doomed> doomed) throws IOException {
    long freed = 0;
    for (Doomed gone : doomed) {
      Trees.delete(gone.directory());
      disk.freed(gone.sizeBytes());
      freed += gone.sizeBytes();
    }
    return freed;
  }

  @Override
  public void close() {
    builders.shutdownNow();
    try {
      builders.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
