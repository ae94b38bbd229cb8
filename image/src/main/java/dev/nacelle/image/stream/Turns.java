package dev.nacelle.image.stream;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Whose chunks are unpacked and proved now. What nobody waits for yet takes turns, so that it
 * leaves processors to the container that is starting; what a reader waits for never does. Turns
 * come in the order in which they are asked for, and nobody waits long for one: who has it may be
 * stuck in a write. Safe for any thread.
 */
final class Turns {
  private static final long PATIENCE_NANOS = 200_000_000;

  private final int most;

  /** Guarded by this, as all below. */
  private final Deque<Turn> queue = new ArrayDeque<>();

  private int taken;

  /**
   * @param most how many that nobody waits for are at work at once
   */
  Turns(int most) {
    this.most = most;
  }

  /** Half of the processors. */
  static Turns ofHost() {
    return new Turns(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
  }

  int most() {
    return most;
  }

  Turn turn() {
    return new Turn();
  }

  /** The turns of one range of chunks; for the thread that fetches it. */
  final class Turn {
    private boolean hurried;
    private boolean counted;

    /** From now on somebody waits for it; on any thread. */
    void hurry() {
      synchronized (Turns.this) {
        if (!hurried) {
          hurried = true;
          Turns.this.notifyAll();
        }
      }
    }

    /** Waits until it may compute, a bounded time; {@link #end} follows. */
    void begin() throws InterruptedException {
      synchronized (Turns.this) {
        if (hurried) {
          return;
        }
        queue.add(this);
        long end = System.nanoTime() + PATIENCE_NANOS;
        try {
          for (long left = PATIENCE_NANOS; !hurried && !isNext() && left > 0; ) {
            Turns.this.wait(left / 1_000_000 + 1);
            left = end - System.nanoTime();
          }
          counted = !hurried && isNext();
          taken += counted ? 1 : 0;
        } finally {
          queue.remove(this);
          Turns.this.notifyAll();
        }
      }
    }

    private boolean isNext() {
      return taken < most && queue.peek() == this;
    }

    void end() {
      synchronized (Turns.this) {
        if (counted) {
          counted = false;
          taken--;
          Turns.this.notifyAll();
        }
      }
    }
  }
}
