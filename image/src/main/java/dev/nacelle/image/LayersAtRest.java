package dev.nacelle.image;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the layers on this disk with what came, those of which {@link LayerSeals} does not know
 * that they are as they should be: before they are mounted, and at leisure beforehand. One
 * comparison of a layer at a time, however many wait for it. Safe for any thread.
 */
final class LayersAtRest implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LayersAtRest.class);
  private static final int MOST_THREADS = 4;
  private static final int PATIENCE_SECONDS = 10;

  private final StoreLayout layout;
  private final LayerSeals seals;
  private final LazyLayers lazy;
  private final RootMounts roots;
  private final ProvedLayers proved;
  private final RestMetrics metrics;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()),
          Thread.ofPlatform().daemon().name("nacelle-compare-", 0).factory());

  /** By key. */
  private final Map<String, FutureTask<Optional<DamagedLayer>>> underWay =
      new ConcurrentHashMap<>();

  /** Of those who wait to mount. */
  private final AtomicInteger waiting = new AtomicInteger();

  private volatile Optional<Thread> atLeisure = Optional.empty();
  private volatile boolean closed;

  LayersAtRest(
      StoreLayout layout,
      LayerSeals seals,
      LazyLayers lazy,
      RootMounts roots,
      ProvedLayers proved,
      RestMetrics metrics) {
    this.layout = layout;
    this.seals = seals;
    this.lazy = lazy;
    this.roots = roots;
    this.proved = proved;
    this.metrics = metrics;
  }

  /**
   * Those of some layers that are not what came; who finds none may mount them. What of a layer
   * that is being filled was wrong is fetched again before it is read.
   */
  List<DamagedLayer> damaged(List<StoredLayer> layers) throws IOException, InterruptedException {
    var unknown = new ArrayList<StoredLayer>();
    for (StoredLayer layer : layers) {
      if (!unknown.contains(layer) && mustBeLookedAt(layer.key())) {
        unknown.add(layer);
      }
    }
    if (unknown.isEmpty()) {
      return List.of();
    }
    waiting.incrementAndGet();
    try {
      List<Future<Optional<DamagedLayer>>> results =
          unknown.stream().map(layer -> begin(layer, threads::execute)).toList();
      var damaged = new ArrayList<DamagedLayer>();
      for (Future<Optional<DamagedLayer>> result : results) {
        result(result).ifPresent(damaged::add);
      }
      return damaged;
    } finally {
      waiting.decrementAndGet();
    }
  }

  private boolean mustBeLookedAt(String key) throws IOException {
    return proved.isWanted(key) || !isKnown(key);
  }

  /** Two looks at files, no more. */
  private boolean isKnown(String key) throws IOException {
    Optional<FillingLayer> filling = lazy.filling(key);
    if (filling.isPresent()) {
      return seals.holdsForMetadata(key) && !filling.get().isDoubted();
    }
    return roots.isProvedByKernel(key) || seals.holds(key);
  }

  private Future<Optional<DamagedLayer>> begin(
      StoredLayer layer, java.util.concurrent.Executor executor) {
    var task = new FutureTask<>(() -> compareOnce(layer));
    FutureTask<Optional<DamagedLayer>> other = underWay.putIfAbsent(layer.key(), task);
    if (other != null) {
      return other;
    }
    executor.execute(task);
    return task;
  }

  private static <T> T result(Future<T> future) throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException known -> throw new IOException(known.getMessage(), known);
        case ImageException known ->
            throw new ImageException(known.fault(), String.valueOf(known.getMessage()), known);
        case CancellationException known ->
            throw new IOException("the image store is closing", known);
        case null, default -> throw new IllegalStateException("cannot compare a layer", e);
      }
    }
  }

  private Optional<DamagedLayer> compareOnce(StoredLayer layer) throws IOException {
    try {
      proved.prepare(layer.key());
      if (isKnown(layer.key())) {
        return Optional.empty(); // the kernel proves it, or another has just compared it
      }
      Optional<DamagedLayer> damaged = compareAsItIs(layer);
      // what the kernel has cached of files that were changed is not believed either
      roots.forgetLayer(layer.key());
      if (damaged.isEmpty()) {
        proved.prepare(layer.key()); // what the kernel found wrong may have been the hashes alone
      }
      return damaged;
    } finally {
      underWay.remove(layer.key());
    }
  }

  private Optional<DamagedLayer> compareAsItIs(StoredLayer layer) throws IOException {
    Optional<FillingLayer> filling = lazy.filling(layer.key());
    if (filling.isPresent()) {
      try {
        return compareFilling(layer, filling.get());
      } catch (IOException e) {
        if (lazy.filling(layer.key()).isPresent()) {
          throw e;
        } // else it has become whole, and was closed, meanwhile
      }
    }
    return compare(layer, new Pace());
  }

  /** Compares a layer that is not being filled; if it is as it came, that is known from then on. */
  private Optional<DamagedLayer> compare(StoredLayer layer, LongConsumer progress)
      throws IOException {
    LayerSeals.Marks before = seals.marks(layer.key());
    List<String> differences =
        new LayerCheck(layout.layer(layer.key()), layer).differences(progress);
    if (differences.isEmpty()) {
      metrics.sound();
      if (seals.marks(layer.key()).equals(before)) {
        seals.seal(layer.key(), before);
      }
      return Optional.empty();
    }
    seals.forget(layer.key());
    return Optional.of(found(layer, differences, before));
  }

  private Optional<DamagedLayer> compareFilling(StoredLayer layer, FillingLayer filling)
      throws IOException {
    var differences = new ArrayList<String>();
    LayerSeals.Marks before = seals.marks(layer.key());
    if (!seals.holdsForMetadata(layer.key())) {
      differences.addAll(new LayerCheck(layout.layer(layer.key()), layer).differencesOfMetadata());
      metrics.read(layer.built().metadataBytes());
      if (differences.isEmpty()) {
        seals.sealMetadata(layer.key(), before.metadata());
      }
    }
    if (filling.isDoubted()) {
      filling
          .proveAgain()
          .forEach(chunk -> differences.add("chunk " + chunk + " of the data (fetched again)"));
    }
    if (differences.isEmpty()) {
      metrics.sound();
      return Optional.empty();
    }
    return Optional.of(found(layer, differences, before));
  }

  private DamagedLayer found(StoredLayer layer, List<String> differences, LayerSeals.Marks before) {
    metrics.damaged();
    var damaged = new DamagedLayer(layer, differences, before);
    LOG.warn(
        "{} differs from what came; containers {} stand on it",
        damaged,
        roots.containersOn(layer.key()));
    return damaged;
  }

  /** What differs in a layer, whatever is known of it; read again for people. */
  List<String> differences(StoredLayer layer, LongConsumer progress) throws IOException {
    Optional<FillingLayer> filling = lazy.filling(layer.key());
    if (filling.isEmpty()) {
      return compare(layer, progress).map(DamagedLayer::differences).orElse(List.of());
    }
    List<String> differences =
        new LayerCheck(layout.layer(layer.key()), layer).differences(progress);
    if (!differences.isEmpty()) {
      seals.forget(layer.key());
      filling.get().doubt();
    }
    return differences;
  }

  /**
   * Takes away what is damaged, if it still is what was found; who has it mounted keeps it. A layer
   * that is being filled loses its metadata alone.
   *
   * @return whether something has gone, so that who needs it must bring it again
   */
  boolean takeAway(DamagedLayer damaged, LayerStore layers) throws IOException {
    String key = damaged.key();
    LayerSeals.Marks now = seals.marks(key);
    if (lazy.isPartial(key)) {
      boolean same = now.metadata().equals(damaged.seen().metadata());
      if (!same || seals.holdsForMetadata(key)) {
        return false;
      }
      roots.forgetLayer(key);
      new MendedLayer(layout, seals, key).displaceMetadata();
      return true;
    }
    if (!now.equals(damaged.seen())) {
      return false;
    }
    roots.forgetLayer(key);
    layers.displace(key);
    return true;
  }

  /** Compares, one after another and at half speed, the layers of which nothing is known yet. */
  void begin(List<StoredLayer> layers) {
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("nacelle-compare-at-leisure")
            .unstarted(() -> layers.forEach(this::compareAtLeisure));
    atLeisure = Optional.of(thread);
    thread.start();
  }

  private void compareAtLeisure(StoredLayer layer) {
    if (closed || lazy.isPartial(layer.key()) || !Files.exists(layout.layer(layer.key()))) {
      return; // what is not whole is proved as it is used
    }
    try {
      if (mustBeLookedAt(layer.key())) {
        result(begin(layer, Runnable::run)); // a damaged one is found again by who wants it
      }
    } catch (IOException | RuntimeException e) {
      if (!closed) {
        LOG.warn("cannot compare layer {}: it will be before it is mounted", layer.key(), e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Counts what is read, ends with the store, and rests as long as it works if nobody waits. */
  private final class Pace implements LongConsumer {
    private long read;
    private long since = System.nanoTime();

    @Override
    public void accept(long bytes) {
      if (closed) {
        throw new CancellationException("closing");
      }
      metrics.read(bytes - read);
      read = bytes;
      if (waiting.get() == 0) {
        LockSupport.parkNanos(System.nanoTime() - since);
      }
      since = System.nanoTime();
    }
  }

  /** Ends what is under way; who waits for it gets an error. */
  @Override
  public void close() {
    closed = true;
    threads.shutdown();
    try {
      atLeisure.ifPresent(LockSupport::unpark);
      if (atLeisure.isPresent()) {
        atLeisure.get().join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      }
      threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
