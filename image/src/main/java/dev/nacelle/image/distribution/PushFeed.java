package dev.nacelle.image.distribution;

import dev.nacelle.base.task.Threads;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listener of pushes, on one thread, which {@link #close} ends. */
final class PushFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PushFeed.class);
  private static final int WAITING = 1024;

  private final BlockingQueue<PushListener.Push> waiting = new ArrayBlockingQueue<>(WAITING);
  private final PushListener listener;
  private final Thread thread;

  PushFeed(PushListener listener) {
    this.listener = listener;
    thread = new Threads("registry").startVirtual("pushes", this::run);
  }

  /** Does not wait: what is too much is not told. */
  void offer(PushListener.Push push) {
    if (!waiting.offer(push)) {
      LOG.warn("nobody is told of the push of {}: {} pushes wait already", push, WAITING);
    }
  }

  private void run() {
    try {
      while (true) {
        tell(waiting.take());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(PushListener.Push push) throws InterruptedException {
    try {
      listener.pushed(push);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.warn("what follows the push of {} failed", push, e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
