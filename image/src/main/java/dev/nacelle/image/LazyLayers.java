package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.AtomicFiles;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.image.stream.ChunkFillException;
import dev.nacelle.image.stream.ImageOpening;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.MetadataBlob;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.lazy.Filler;
import dev.nacelle.kernel.lazy.LazyFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The layers of this host that came in their streaming form: those that are not whole are filled as
 * they are read, where the kernel can do that, and else completed before anybody mounts them. A
 * layer's directory then has, beside the files of every layer, {@code stream.index} and, until it
 * is whole, {@code stream.json} with where its chunks come from. Safe for any thread.
 *
 * <p>Nothing of a layer that is not whole need have reached the disk: after another boot all of it
 * is proved before it is believed, and what cannot be is removed. Before a layer is said to be
 * whole all of it is durable.
 *
 * <p>The key of such a layer is made of the root hashes, not of the diff id: the latter is a claim
 * of whoever pushed the form, and must not reach the images of others.
 */
final class LazyLayers implements AutoCloseable {
  static final String INDEX = "stream.index";
  static final String ORIGIN = "stream.json";
  private static final Logger LOG = LoggerFactory.getLogger(LazyLayers.class);

  private final StoreLayout layout;
  private final LayerStore layers;
  private final FillingLayer.Surroundings surroundings;
  private final FillFailures failures;
  private final Optional<LazyReads> reads;
  private final Consumer<String> settled;
  private final Settling settling = new Settling();

  /** By key: those that are not whole and that this fills. */
  private final Map<String, FillingLayer> filling = new ConcurrentHashMap<>();

  /** By key; who makes or opens a layer holds its lock. */
  private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();

  private LazyLayers(
      StoreLayout layout,
      LayerStore layers,
      FillingLayer.Surroundings surroundings,
      LazyReading reading,
      FillFailures failures,
      Consumer<String> settled)
      throws IOException, InterruptedException {
    this.layout = layout;
    this.layers = layers;
    this.failures = failures;
    this.settled = settled;
    this.surroundings = surroundings;
    this.reads =
        reading instanceof LazyReading.Available(Path run)
            ? Optional.of(LazyReads.open(run, this::fill))
            : Optional.empty();
  }

  /**
   * Takes over the layers that an earlier process was filling; readers that wait for them are
   * served from here on.
   *
   * @param surroundings of each layer
   * @param failures told of what readers could not be given
   * @param settled told the key of a layer that is whole now, also on the disk
   */
  static LazyLayers open(
      StoreLayout layout,
      LayerStore layers,
      FillingLayer.Surroundings surroundings,
      LazyReading reading,
      FillFailures failures,
      Consumer<String> settled)
      throws IOException, InterruptedException {
    var lazy = new LazyLayers(layout, layers, surroundings, reading, failures, settled);
    for (String key : layers.keys()) {
      if (lazy.isPartial(key) && lazy.isSpoiled(key)) {
        layers.displace(key);
      }
    }
    if (lazy.reads.isPresent()) {
      for (String key : layers.keys()) {
        if (lazy.isPartial(key)) {
          lazy.takeOver(key);
        }
      }
      lazy.reads.get().serve();
    }
    return lazy;
  }

  /** Whether the machine stopped before the files of a layer were on the disk. */
  private boolean isSpoiled(String key) {
    Path directory = layout.layer(key);
    var files = new LazyLayerFiles(directory);
    try {
      if (files.isOfThisBoot()) {
        return false;
      }
      StreamIndex index = readIndex(directory);
      readOrigins(directory);
      return !StoredLayer.of(index).key().equals(key)
          || layers.findKey(key).isEmpty()
          || !files.haveSizesOf(index);
    } catch (IOException | RuntimeException e) {
      LOG.info("layer {} had not reached the disk when the machine stopped: it is removed", key, e);
      return true;
    }
  }

  private void takeOver(String key) throws InterruptedException {
    try {
      doubtUnlessSealed(key);
      begin(key, reads.orElseThrow());
    } catch (IOException | RuntimeException e) {
      LOG.error("cannot go on filling layer {}: its readers get EIO", key, e);
    }
  }

  /** What nobody knows to be as an earlier process left it is proved again before its use. */
  private void doubtUnlessSealed(String key) throws IOException {
    if (!layers.seals().holdsForMap(key)) {
      new LazyLayerFiles(layout.layer(key)).doubt();
    }
  }

  /** Whether parts of a layer's data may be missing on the disk. */
  boolean isPartial(String key) {
    return Files.exists(layout.layer(key).resolve(ORIGIN));
  }

  /** Whether a layer can be mounted now: whole, or filled as it is read. */
  boolean isReadable(String key) {
    return filling.containsKey(key) || !isPartial(key);
  }

  /** How much of a layer is here, where it is still being filled. */
  Optional<FillingLayer> filling(String key) {
    return Optional.ofNullable(filling.get(key));
  }

  /** The layers of an image that are not whole and are filled as they are read. */
  List<FillingLayer> filling(ResolvedImage image) {
    return image.layers().stream().flatMap(l -> filling(l.key()).stream()).toList();
  }

  /** All that are being filled. */
  List<FillingLayer> filling() {
    return List.copyOf(filling.values());
  }

  /**
   * The layer of a streaming form, mountable: known already, or made now from its index and
   * metadata. Where this host cannot fill on reading, all of its data is fetched first.
   */
  StoredLayer obtain(StreamedLayer streamed) throws InterruptedException {
    StoredLayer layer = StoredLayer.of(streamed.index());
    try {
      ReentrantLock lock = locks.computeIfAbsent(layer.key(), k -> new ReentrantLock());
      lock.lockInterruptibly();
      try {
        if (layers.findKey(layer.key()).isEmpty()) {
          layers.publishUnsynced(layer, build(streamed));
        } else if (isPartial(layer.key())) { // a newer pull has what the older may lack
          Path directory = layout.layer(layer.key());
          writeOrigins(directory, streamed.origin(), readOrigins(directory));
          new MendedLayer(layout, layers.seals(), layer.key()).complete(streamed);
          if (!filling.containsKey(layer.key())) {
            doubtUnlessSealed(layer.key());
          }
        }
        makeReadable(layer.key());
        FillingLayer filled = filling.get(layer.key());
        if (filled != null) {
          use(filled, streamed);
        }
        return layer;
      } finally {
        lock.unlock();
      }
    } catch (IOException e) {
      throw Faults.of("stream layer " + layer.built().diffId(), e);
    }
  }

  private static void use(FillingLayer filled, StreamedLayer streamed) throws IOException {
    try {
      filled.origins().use(streamed.origin(), streamed.arriving());
    } catch (StreamFormatException e) { // another host has converted it otherwise
      LOG.warn("layer {} is filled from where it was before", filled.key(), e);
    }
  }

  private void makeReadable(String key) throws IOException, InterruptedException {
    if (isReadable(key)) {
      return;
    }
    if (reads.isPresent()) {
      begin(key, reads.get());
      return;
    }
    try (var layer = FillingLayer.openWhole(key, layout.layer(key), surroundings)) {
      layer.fillAll();
      settle(layer);
    }
    settled.accept(key);
  }

  /** A layer has become whole: its bytes go to the disk, and only then is it said to be whole. */
  private void settle(FillingLayer layer) throws IOException {
    layers.sync(layer.key());
    Settling.record(layout.layer(layer.key()));
    LayerSeals.Marks marks = layers.seals().marks(layer.key());
    if (!layer.isDoubted()) {
      layers.seals().seal(layer.key(), marks);
    }
  }

  private void writeOrigins(Path directory, LayerOrigin newest, List<LayerOrigin> earlier)
      throws IOException {
    var all = new ArrayList<>(List.of(newest));
    all.addAll(newest.before(earlier));
    AtomicFiles.replace(
        directory.resolve(ORIGIN),
        Bytes.utf8(LayerOrigin.toJson(all).toString()),
        DurableFiles.Mode.OWNER,
        layout.temporary()); // what a killed process leaves of it has a credential
  }

  private Path build(StreamedLayer streamed) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(layout.temporary(), "layer-");
    boolean done = false;
    try {
      StreamIndex index = streamed.index();
      Path metadata = directory.resolve(LayerStore.METADATA);
      boolean atHand = index.metadata().storedBytes() <= ImageOpening.MOST_METADATA_BYTES;
      String key = StoredLayer.of(index).key();
      if (atHand || !surroundings.peers().metadata(key, index, metadata)) {
        try (InputStream in = streamed.metadata().open()) {
          MetadataBlob.unpack(index, in, metadata);
          in.transferTo(java.io.OutputStream.nullOutputStream());
        }
      }
      Files.write(directory.resolve(INDEX), index.toBytes().toByteArray());
      new LazyLayerFiles(directory).create(index, surroundings.bootId());
      writeOrigins(directory, streamed.origin(), List.of());
      done = true;
      return directory;
    } finally {
      if (!done) {
        Trees.delete(directory);
      }
    }
  }

  private void begin(String key, LazyReads from) throws IOException, InterruptedException {
    FillingLayer layer =
        FillingLayer.openLazily(key, layout.layer(key), surroundings, from, this::whole);
    filling.put(key, layer);
    if (layer.isWhole()) {
      whole(layer); // it was when the earlier process ended
    }
  }

  private void whole(FillingLayer layer) {
    settling.begin(
        () -> {
          layer.release(reads.orElseThrow());
          layer.close();
          settle(layer);
          filling.remove(layer.key(), layer); // only now does the disk say that it is whole
          settled.accept(layer.key());
        });
  }

  private Filler.Outcome fill(LazyFile file, long offset, long count) throws InterruptedException {
    FillingLayer layer = filling.get(file.id());
    if (layer == null) {
      return file.map().isWhole() ? new Filler.Filled() : Filler.Failed.io();
    }
    try {
      try {
        layer.fill(offset, count);
      } catch (ChunkFillException e) {
        if (!Faults.isFull(e) || !surroundings.disk().madeRoom(count)) {
          throw e;
        }
        layer.fill(offset, count);
      }
      return new Filler.Filled();
    } catch (ChunkFillException e) {
      failures.failed(layer.key(), String.valueOf(e.getMessage()));
      return Faults.isFull(e) ? new Filler.Failed(Errno.ENOSPC) : Filler.Failed.io();
    } catch (IOException e) {
      if (file.map().hasRange(offset, count)) {
        return new Filler.Filled(); // it has become whole, and was closed, meanwhile
      }
      failures.failed(layer.key(), String.valueOf(e.getMessage()));
      boolean full = Faults.of(e, "fill").fault() == ImageFault.NO_SPACE;
      return new Filler.Failed(full ? Errno.ENOSPC : Errno.EIO);
    }
  }

  /**
   * Gives up the layers that are not in {@code kept}; nothing mounts them any more, and their files
   * are removed after this.
   */
  void discardAllBut(Set<String> kept) {
    for (FillingLayer layer : new ArrayList<>(filling.values())) {
      if (!kept.contains(layer.key()) && filling.remove(layer.key(), layer)) {
        layer.discard(reads.orElseThrow());
        layer.close();
        locks.remove(layer.key());
      }
    }
  }

  /** What doctor says of lazy reading. */
  static Capability capability(LazyReading reading) {
    return switch (reading) {
      case LazyReading.Available available ->
          new Capability("lazy images", "pre-content events of fanotify", Optional.empty());
      case LazyReading.Missing(String why) ->
          new Capability(
              "lazy images",
              "whole layers",
              Optional.of("a container starts only when its image has arrived: " + why));
    };
  }

  /** Stops filling; readers wait for the next platform. */
  @Override
  public void close() {
    settling.close();
    reads.ifPresent(LazyReads::stop); // first: who waits must not hear of what ends now
    filling.values().forEach(this::closeSealed);
    reads.ifPresent(LazyReads::close);
    filling.clear();
  }

  private void closeSealed(FillingLayer layer) {
    layer.close();
    try {
      LayerSeals.Marks marks = layers.seals().marks(layer.key());
      if (!layer.isDoubted()) {
        layers.seals().sealData(layer.key(), marks);
      }
    } catch (IOException e) {
      LOG.warn("the next process will prove layer {} again", layer.key(), e);
    }
  }

  static StreamIndex readIndex(Path directory) throws IOException {
    return StreamIndex.parse(Bytes.wrap(Files.readAllBytes(directory.resolve(INDEX))));
  }

  /** The newest first. */
  static List<LayerOrigin> readOrigins(Path directory) throws IOException {
    return LayerOrigin.allOf(
        JsonReader.readObject(Bytes.wrap(Files.readAllBytes(directory.resolve(ORIGIN)))));
  }
}
