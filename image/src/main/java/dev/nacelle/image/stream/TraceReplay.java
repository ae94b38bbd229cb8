package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fetches what a trace says will be read, ahead of the readers and in its order, across the layers
 * of an image. Many requests are under way at once, because each costs a round trip: they are
 * beside those of the readers, which never wait for them. What cannot be had is passed over: the
 * reader who needs it will say so. Has threads of its own until it is closed or done.
 */
public final class TraceReplay implements AutoCloseable {
  /** Requests at once: as many as hide a round trip of 20 ms, with room left to the readers. */
  static final int REQUESTS = 24;

  private final List<LazyLayer> layers;
  private final PrefetchPlan plan;
  private final AtomicInteger next = new AtomicInteger();
  private final List<Thread> workers = new ArrayList<>();

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
    List<LazyLayer> opened = List.copyOf(layers);
    var plan = PrefetchPlan.of(trace, opened.stream().map(LazyLayer::index).toList());
    var replay = new TraceReplay(opened, plan);
    replay.begin();
    return replay;
  }

  private void begin() {
    var threads = new Threads("replay");
    int count = Math.min(plan.steps().size(), REQUESTS);
    for (int i = 0; i < count; i++) {
      workers.add(threads.startVirtual("fetch", this::work));
    }
  }

  private void work() {
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
    for (Thread worker : workers) {
      worker.join();
    }
  }

  /** Asks for no more; what is under way lands all the same. Idempotent. */
  @Override
  public void close() {
    next.set(plan.steps().size());
    workers.forEach(Thread::interrupt);
  }
}
