package dev.nacelle.api.reconcile;

import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one {@link Reconciler} on virtual threads over its own {@link WorkQueue}. */
public final class ReconcileLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReconcileLoop.class);

  private final String name;
  private final Reconciler reconciler;
  private final WorkQueue queue;
  private final List<Thread> workers = new ArrayList<>();

  /** A loop that does nothing until {@link #start}; keys may be enqueued before. */
  public ReconcileLoop(String name, Reconciler reconciler, int workerCount) {
    this.name = name;
    this.reconciler = reconciler;
    this.queue = new WorkQueue(Duration.ofSeconds(30));
    for (int i = 0; i < workerCount; i++) {
      workers.add(Thread.ofVirtual().name(name + " " + i).unstarted(this::work));
    }
  }

  public ReconcileLoop start() {
    workers.forEach(Thread::start);
    return this;
  }

  public void enqueue(ObjectKey key) {
    queue.add(key);
  }

  public void enqueueAfter(ObjectKey key, Duration delay) {
    queue.addAfter(key, delay);
  }

  public int depth() {
    return queue.depth();
  }

  /** Wakes and ends the workers; a reconciliation under way is interrupted. */
  @Override
  public void close() {
    queue.close();
    workers.forEach(Thread::interrupt);
  }

  private void work() {
    try {
      for (var key = queue.take(); key.isPresent(); key = queue.take()) {
        reconcile(key.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void reconcile(ObjectKey key) throws InterruptedException {
    Optional<Outcome> outcome = Optional.empty();
    try {
      outcome = Optional.of(reconciler.reconcile(key));
    } catch (ApiException e) {
      // conflicts and lost races are the daily bread of a level-triggered loop, a missing
      // permission is not
      if (e.code() == 403) {
        LOG.warn("{} {}: {}", name, key, e.getMessage());
      } else {
        LOG.debug("{} {}: {}", name, key, e.getMessage());
      }
    } catch (RuntimeException e) {
      LOG.warn("{} {} failed", name, key, e);
    } finally {
      queue.done(key);
    }
    if (outcome.isEmpty()) {
      queue.retry(key);
      return;
    }
    queue.forget(key);
    switch (outcome.get()) {
      case Outcome.Settled settled -> {}
      case Outcome.CheckAgain again -> queue.addAfter(key, again.after());
    }
  }
}
