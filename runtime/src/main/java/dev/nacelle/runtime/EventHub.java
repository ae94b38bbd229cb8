package dev.nacelle.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Hands each event to every open watch; a watch that is full is told that it missed some. */
final class EventHub {
  private static final int CAPACITY = 4096;

  private final List<Watch> watches = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /** Until the first watch; guarded by this. */
  private Optional<Watch> first = Optional.of(new Watch());

  synchronized RuntimeEvents open() {
    Watch watch = first.orElseGet(Watch::new);
    first = Optional.empty();
    watches.add(watch);
    return watch;
  }

  void publish(RuntimeEvent event) {
    watches.forEach(watch -> watch.offer(event));
  }

  /** As {@link #publish}; where nobody watches yet, the first who does is told. */
  synchronized void publishToFirst(RuntimeEvent event) {
    first.ifPresent(watch -> watch.offer(event));
    publish(event);
  }

  void close() {
    closed = true;
    watches.forEach(Watch::close);
  }

  /** True once the runtime lets go: what ends now is none of its business. */
  boolean isClosed() {
    return closed;
  }

  private final class Watch implements RuntimeEvents {
    /** Empty is the end. */
    private final BlockingQueue<Optional<RuntimeEvent>> queue = new ArrayBlockingQueue<>(CAPACITY);

    private final AtomicBoolean dropped = new AtomicBoolean();
    private volatile boolean over;

    void offer(RuntimeEvent event) {
      if (!queue.offer(Optional.of(event))) {
        dropped.set(true);
      }
    }

    @Override
    public Optional<RuntimeEvent> next(Duration timeout) throws InterruptedException {
      if (dropped.compareAndSet(true, false)) {
        queue.clear();
        return Optional.of(new RuntimeEvent.EventsDropped());
      }
      if (over) {
        return Optional.empty();
      }
      Optional<RuntimeEvent> event = queue.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return event == null ? Optional.empty() : event;
    }

    @Override
    public void close() {
      over = true;
      watches.remove(this);
      if (!queue.offer(Optional.empty())) {
        queue.clear();
      }
    }
  }
}
