package dev.nacelle.image;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Guards the index, and with it the order between who says that something is needed and who removes
 * what nobody needs. Reentrant.
 */
final class IndexLock {
  private final ReentrantLock lock = new ReentrantLock();

  /** What is done while it is held. */
  @FunctionalInterface
  interface Action<T> {
    T run() throws IOException;
  }

  /**
   * @param what completes the sentence "cannot ..."
   * @throws ImageException if the action fails
   */
  <T> T locked(String what, Action<T> action) {
    lock.lock();
    try {
      return action.run();
    } catch (IOException e) {
      throw Faults.of(e, what);
    } finally {
      lock.unlock();
    }
  }
}
