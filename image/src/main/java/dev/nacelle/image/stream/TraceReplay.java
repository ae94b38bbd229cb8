package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fetches what a trace says will be read, ahead of the readers and in its order, across the layers
 * of an image. The chunks of a start pack are taken as they arrive, one by one, and by few threads:
 * the first ones are needed first. For all others many requests are under way at once, because each
 * costs a round trip: they are beside those of the readers, which never wait for them. What cannot
 * be had is passed over: the reader who needs it will say so. Has threads of its own until it is
 * closed or done.
 */
public final class TraceReplay implements AutoCloseable {
  /** Requests at once: as many as hide a round trip of 20 ms, with room left to the readers. */
  static final int REQUESTS = 24;

  /** One waits for the next chunk while the others unpack. */
  private static final int TAKERS = Turns.ofHost().most() + 1;

  private static final Threads THREADS = new Threads("replay");

  private final List<LazyLayer> layers;
  private final PrefetchPlan plan;
  private final AtomicInteger next = new AtomicInteger();

  /** Guarded by this, as all below. */
  private final List<Thread> workers = new ArrayList<>();

  private int takers;
  private boolean closed;

  private TraceReplay(List<LazyLayer> layers, PrefetchPlan plan) {
    this.layers = layers;
    this.plan = plan;
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
    List<LazyLayer> opened = List.copyOf(layers);
    var plan = PrefetchPlan.of(trace, opened.stream().map(LazyLayer::index).toList());
    var replay = new TraceReplay(opened, plan);
    if (pack.isPresent()) {
      replay.beginTaking(pack.get());
    } else {
      replay.beginAsking();
    }
    return replay;
  }

  /** A chunk that a pack has, and the layer that wants it. */
  private record Parcel(PackedChunks pack, PrefetchPlan.Step step, LazyLayer layer) {
    boolean mayCome() {
      return pack.mayCome(step.layer(), step.range().first());
    }
  }

  private synchronized void beginTaking(PackedChunks pack) {
    List<Parcel> parcels = parcels(pack);
    var taken = new AtomicInteger();
    takers = TAKERS;
    for (int i = 0; i < TAKERS; i++) {
      workers.add(THREADS.startVirtual("take", () -> take(parcels, taken)));
    }
  }

  private List<Parcel> parcels(PackedChunks pack) {
    var result = new ArrayList<Parcel>();
    for (PrefetchPlan.Step step : pack.order()) {
      var wanted = AccessTrace.Layer.of(pack.index(step.layer()));
      for (LazyLayer layer : layers) {
        if (AccessTrace.Layer.of(layer.index()).equals(wanted)) {
          result.add(new Parcel(pack, step, layer));
        }
      }
    }
    return result;
  }

  private void take(List<Parcel> parcels, AtomicInteger taken) {
    try {
      for (int i = taken.getAndIncrement(); i < parcels.size(); i = taken.getAndIncrement()) {
        Parcel parcel = parcels.get(i);
        if (parcel.mayCome()) {
          parcel.layer().fetchNow(parcel.step().range());
        }
      }
      tookAll();
    } catch (IOException e) {
      next.set(plan.steps().size()); // a layer was closed: the readers are gone
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed; the thread ends here
    }
  }

  /** A pack need not have all, and may break off: the last one to have taken asks for the rest. */
  private synchronized void tookAll() {
    takers--;
    if (takers == 0) {
      beginAsking();
    }
  }

  private synchronized void beginAsking() {
    int count = closed ? 0 : Math.min(plan.steps().size(), REQUESTS);
    for (int i = 0; i < count; i++) {
      workers.add(THREADS.startVirtual("fetch", this::ask));
    }
  }

  private void ask() {
    List<PrefetchPlan.Step> steps = plan.steps();
    try {
      for (int i = next.getAndIncrement(); i < steps.size(); i = next.getAndIncrement()) {
        PrefetchPlan.Step step = steps.get(i);
        layers.get(step.layer()).fetchNow(step.range());
        if (i == steps.size() - 1) {
          completeLayers();
        }
      }
    } catch (IOException e) {
      next.set(steps.size()); // a layer was closed: the readers are gone
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed; the thread ends here
    }
  }

  private void completeLayers() throws IOException {
    for (int layer : plan.whole()) {
      layers.get(layer).prefetchAll();
    }
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

  /** Those that ask are there before those that took have ended. */
  private synchronized Optional<Thread> worker(int number) {
    return number < workers.size() ? Optional.of(workers.get(number)) : Optional.empty();
  }

  /** Asks for no more; what is under way lands all the same. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    next.set(plan.steps().size());
    workers.forEach(Thread::interrupt);
  }
}
