package dev.nacelle.image.distribution;

import java.util.concurrent.locks.ReentrantLock;

/** A fixed number of locks, shared by all keys. Never hold two of the same set. */
final class KeyedLocks {
  private final ReentrantLock[] locks = new ReentrantLock[64];

  KeyedLocks() {
    for (int i = 0; i < locks.length; i++) {
      locks[i] = new ReentrantLock();
    }
  }

  /** Holds the lock of a key until it is closed. */
  Held hold(Object key) {
    ReentrantLock lock = locks[Math.floorMod(key.hashCode(), locks.length)];
    lock.lock();
    return lock::unlock;
  }

  /** A lock that is held. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }
}
