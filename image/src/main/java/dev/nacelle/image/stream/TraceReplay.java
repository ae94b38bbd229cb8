package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fetches what a trace says will be read, ahead of the readers and in its order, across the layers
 * of an image. The chunks of a start pack are taken as they arrive, one by one and by few threads:
 * what comes first is needed first. For all others many requests are under way at once, because
 * each costs a round trip: they are beside those of the readers, which never wait for them. What
 * cannot be had is passed over: the reader who needs it will say so. Has threads of its own until
 * it is closed or done.
 */
public final class TraceReplay implements AutoCloseable {
  /** Requests at once: as many as hide a round trip of 20 ms, with room left to the readers. */
  static final int REQUESTS = 24;

  /** One waits for the next chunk while the others unpack. */
  private static final int TAKERS = Turns.ofHost().most() + 1;

  private static final Threads THREADS = new Threads("replay");

  /** How many threads, and which: those that unpack must not keep the carriers of all others. */
  private record Crowd(int most, Starter starter) {
    @FunctionalInterface
    interface Starter {
      Thread start(String task, Runnable work);
    }
  }

  /** Work on a list that several threads share. */
  @FunctionalInterface
  private interface Work<T> {
    void on(T item) throws IOException, InterruptedException;
  }

  private final AccessTrace trace;
  private final List<LazyLayer> layers;

  /** Guarded by this, as all below. */
  private final List<Thread> workers = new ArrayList<>();

  private boolean closed;

  private TraceReplay(AccessTrace trace, List<LazyLayer> layers) {
    this.trace = trace;
    this.layers = layers;
  }

  /**
   * Begins to fetch.
   *
   * @param layers of the image, opened; those that the trace does not know are left alone
   */
  public static TraceReplay start(AccessTrace trace, List<LazyLayer> layers) {
    return start(trace, layers, Optional.empty());
  }

  /**
   * As the other, where a pack is arriving.
   *
   * @param pack that the layers' sources take chunks from
   */
  static TraceReplay start(AccessTrace trace, List<LazyLayer> layers, Optional<PackedChunks> pack) {
    var replay = new TraceReplay(trace, List.copyOf(layers));
    if (pack.isPresent()) {
      replay.take(pack.get());
    } else {
      replay.ask();
    }
    return replay;
  }

  /** A chunk that a pack has, and the layer that wants it. */
  private record Parcel(int layerOfPack, int chunk, LazyLayer layer) {}

  private void take(PackedChunks pack) {
    List<Parcel> parcels = parcels(pack);
    Work<Parcel> take =
        parcel -> {
          if (pack.mayCome(parcel.layerOfPack(), parcel.chunk())) {
            parcel.layer().fetchHere(parcel.chunk());
          }
        };
    // a pack need not have all, and may break off
    share(parcels, new Crowd(TAKERS, THREADS::startPlatform), take, this::ask);
  }

  private List<Parcel> parcels(PackedChunks pack) {
    Map<AccessTrace.Layer, LazyLayer> opened = new HashMap<>();
    layers.forEach(layer -> opened.put(AccessTrace.Layer.of(layer.index()), layer));
    List<AccessTrace.Layer> packed = pack.layers();
    var result = new ArrayList<Parcel>();
    for (PrefetchPlan.Step step : pack.order()) {
      LazyLayer layer = opened.get(packed.get(step.layer()));
      if (layer != null) {
        result.add(new Parcel(step.layer(), step.range().first(), layer));
      }
    }
    return result;
  }

  private void ask() {
    List<StreamIndex> indexes = layers.stream().map(LazyLayer::index).toList();
    var plan =
        PrefetchPlan.of(
            trace, indexes, (layer, chunk) -> !layers.get(layer).has(new ChunkRange(chunk, 1)));
    share(
        plan.steps(),
        new Crowd(REQUESTS, THREADS::startVirtual),
        step -> layers.get(step.layer()).fetchNow(step.range()),
        () -> completeLayers(plan.whole()));
  }

  private void completeLayers(List<Integer> whole) {
    for (int layer : whole) {
      try {
        layers.get(layer).prefetchAll();
      } catch (IOException e) {
        // it was closed: whole, or without readers
      }
    }
  }

  /**
   * Works through a list.
   *
   * @param then what the last of them does
   */
  private synchronized <T> void share(List<T> items, Crowd by, Work<T> work, Runnable then) {
    int count = closed ? 0 : Math.min(items.size(), by.most());
    var next = new AtomicInteger();
    var left = new AtomicInteger(count);
    for (int i = 0; i < count; i++) {
      workers.add(
          by.starter()
              .start(
                  "fetch",
                  () -> {
                    workThrough(items, next, work);
                    if (left.decrementAndGet() == 0) {
                      then.run();
                    }
                  }));
    }
    if (count == 0 && !closed) {
      then.run();
    }
  }

  private <T> void workThrough(List<T> items, AtomicInteger next, Work<T> work) {
    try {
      for (int i = next.getAndIncrement(); i < items.size(); i = next.getAndIncrement()) {
        if (isClosed()) {
          return;
        }
        workOn(items.get(i), work);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
      next.set(items.size());
    }
  }

  private static <T> void workOn(T item, Work<T> work) throws InterruptedException {
    try {
      work.on(item);
    } catch (IOException e) {
      // its layer was closed, being whole or without readers; the others go on
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Waits until all was asked for and has come, or failed. */
  public void await() throws InterruptedException {
    for (int i = 0; ; i++) {
      Optional<Thread> worker = worker(i);
      if (worker.isEmpty()) {
        return;
      }
      worker.get().join();
    }
  }

  /** Those that come later are there before the last one that brings them has ended. */
  private synchronized Optional<Thread> worker(int number) {
    return number < workers.size() ? Optional.of(workers.get(number)) : Optional.empty();
  }

  /** Asks for no more; what is under way lands all the same. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    workers.forEach(Thread::interrupt);
  }
}
