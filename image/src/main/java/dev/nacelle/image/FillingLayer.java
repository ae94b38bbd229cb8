package dev.nacelle.image;

import dev.nacelle.image.peer.LayerPeers;
import dev.nacelle.image.peer.Peers;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.stream.BlobFile;
import dev.nacelle.image.stream.FetchPolicy;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.LazyLayerSettings;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.image.stream.VerityTree;
import dev.nacelle.kernel.lazy.LazyFile;
import dev.nacelle.kernel.lazy.PreContent;
import dev.nacelle.kernel.lazy.PresenceMap;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.OpenFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** One layer that is being filled, with its files. Safe for any thread. */
final class FillingLayer implements AutoCloseable {
  private static final long PAUSE_MILLIS = 20;
  private static final int ATTEMPTS = 500;

  /** What all layers share. */
  record Surroundings(
      RegistryClient registries, Peers peers, Clock clock, String bootId, ImageDisk disk) {}

  private final String key;
  private final LazyLayer layer;
  private final LayerOrigins origins;
  private final ReadListeners readers;
  private final Writer blob;
  private final LayerPeers peers;

  private FillingLayer(
      String key,
      LazyLayer layer,
      LayerOrigins origins,
      ReadListeners readers,
      Writer blob,
      LayerPeers peers) {
    this.peers = peers;
    this.key = key;
    this.layer = layer;
    this.origins = origins;
    this.readers = readers;
    this.blob = blob;
  }

  /** The blob through a descriptor that is known only when the keeper knows the file. */
  private static final class Writer implements BlobFile {
    private final WriteTrail trail;
    private final CountDownLatch known = new CountDownLatch(1);
    private final LongConsumer grown;
    private volatile Optional<OpenFile> file = Optional.empty();
    private volatile Optional<LazyFile> lazy = Optional.empty();

    Writer(WriteTrail trail, LongConsumer grown) {
      this.trail = trail;
      this.grown = grown;
    }

    void to(OpenFile descriptor) {
      file = Optional.of(descriptor);
      known.countDown();
    }

    void to(LazyFile found) {
      lazy = Optional.of(found);
      to(found.blob());
    }

    private OpenFile file() throws IOException {
      try {
        known.await();
        return file.orElseThrow();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("closed");
      }
    }

    @Override
    public void write(long offset, ByteBuffer bytes) throws IOException {
      long size = bytes.remaining();
      OpenFile to = file();
      trail.write(() -> to.write(bytes, offset));
      grown.accept(size);
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
      file().read(into, offset);
    }
  }

  /**
   * Opens a layer whose readers will wait for what is missing.
   *
   * @param whenWhole told, on a thread of the layer, when the last chunk has come
   */
  static FillingLayer openLazily(
      String key,
      Path directory,
      Surroundings surroundings,
      LazyReads reads,
      Consumer<FillingLayer> whenWhole)
      throws IOException, InterruptedException {
    var self = new AtomicReference<FillingLayer>();
    var opened = new CountDownLatch(1);
    FillingLayer layer =
        open(
            key,
            directory,
            surroundings,
            () -> {
              awaitUninterrupted(opened);
              Optional.ofNullable(self.get()).ifPresent(whenWhole);
            });
    try {
      var files = new LazyLayerFiles(directory);
      StreamIndex index = layer.layer.index();
      PresenceMap map = PresenceMap.open(files.map(), index.dataBytes(), VerityTree.CHUNK_BYTES);
      layer.blob.to(reads.add(key, files.data(), map));
      self.set(layer);
      return layer;
    } catch (IOException | RuntimeException | InterruptedException e) {
      layer.close();
      throw e;
    } finally {
      opened.countDown();
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Opens a layer that nobody reads yet. */
  static FillingLayer openWhole(String key, Path directory, Surroundings surroundings)
      throws IOException {
    FillingLayer layer = open(key, directory, surroundings, () -> {});
    layer.blob.to(OpenFile.open(new LazyLayerFiles(directory).data()));
    return layer;
  }

  private static FillingLayer open(
      String key, Path directory, Surroundings surroundings, Runnable whenWhole)
      throws IOException {
    StreamIndex index = LazyLayers.readIndex(directory);
    var origins =
        new LayerOrigins(index, LazyLayers.readOrigins(directory), surroundings.registries());
    ImageDisk disk = surroundings.disk();
    var trail = new WriteTrail(new LazyLayerFiles(directory).data());
    var blob = new Writer(trail, bytes -> disk.grew(key, bytes));
    LayerPeers peers = surroundings.peers().layer(key, index, origins);
    var readers = new ReadListeners();
    var settings =
        new LazyLayerSettings(
            peers,
            FetchPolicy.DEFAULT,
            surroundings.clock(),
            surroundings.bootId(),
            whenWhole,
            readers,
            disk::hasRoomAhead);
    try {
      LazyLayer layer = LazyLayer.open(index, new LazyLayerFiles(directory), blob, settings);
      peers.serve(layer);
      return new FillingLayer(key, layer, origins, readers, blob, peers);
    } catch (IOException | RuntimeException e) {
      peers.close();
      throw e;
    }
  }

  String key() {
    return key;
  }

  LazyLayer layer() {
    return layer;
  }

  boolean isWhole() {
    return layer.isWhole();
  }

  LayerOrigins origins() {
    return origins;
  }

  /** Who writes down what the readers need. */
  ReadListeners readers() {
    return readers;
  }

  /** Whether somebody else has changed what is here. */
  boolean isDoubted() throws IOException {
    return blob.trail.isDoubted() || !layer.hasItsMap();
  }

  /** Something in it was found wrong. */
  void doubt() {
    blob.trail.doubt();
  }

  /**
   * Proves again what is here; what is not what it should be is fetched again, before anybody reads
   * it.
   *
   * @return the chunks that were wrong
   */
  List<Integer> proveAgain() throws IOException {
    boolean done = false;
    blob.trail.believe();
    try {
      List<Integer> wrong = layer.proveAgain();
      done = true;
      return wrong;
    } finally {
      if (!done) {
        blob.trail.doubt();
      }
    }
  }

  boolean nothingHasCome() {
    return layer.counters().presentChunks() == 0;
  }

  /**
   * @param count an unsigned number; may end behind the layer
   */
  void fill(long offset, long count) throws IOException, InterruptedException {
    long size = layer.index().dataBytes();
    if (Long.compareUnsigned(offset, size) < 0) {
      layer.fill(offset, Long.compareUnsigned(count, size - offset) > 0 ? size - offset : count);
    }
  }

  void fillAll() throws IOException, InterruptedException {
    layer.fill(0, layer.index().dataBytes());
  }

  /** It is whole: it is read at native speed from now on. */
  void release(LazyReads reads) throws InterruptedException {
    end(reads, PreContent.Removal.WHOLE);
  }

  /** Nobody needs it. Where the keeper cannot be told, it ends with the keeper. */
  void discard(LazyReads reads) {
    try {
      end(reads, PreContent.Removal.DISCARD);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Between two keepers it waits for the next one. */
  private void end(LazyReads reads, PreContent.Removal removal) throws InterruptedException {
    if (blob.lazy.isEmpty()) {
      return;
    }
    for (int attempt = 0; ; attempt++) {
      try {
        reads.remove(blob.lazy.get(), removal);
        return;
      } catch (CompanionException e) {
        if (!e.isGone() || attempt == ATTEMPTS) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
    }
  }

  /** Ends the fetches; what is here stays. */
  @Override
  public void close() {
    peers.close();
    layer.close();
    if (blob.lazy.isEmpty()) {
      blob.file.ifPresent(OpenFile::close);
    }
  }
}
