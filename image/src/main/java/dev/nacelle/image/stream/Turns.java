package dev.nacelle.image.stream;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Whose chunks are unpacked and proved now. What nobody waits for yet takes turns, so that it
 * leaves processors to the container that is starting; what a reader waits for never does. Turns
 * come in the order in which they are asked for. Safe for any thread.
 */
final class Turns {
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

    /** Waits until it may compute; {@link #end} follows. */
    void begin() throws InterruptedException {
      synchronized (Turns.this) {
        if (hurried) {
          return;
        }
        queue.add(this);
        try {
          while (!hurried && (taken >= most || queue.peek() != this)) {
            Turns.this.wait();
          }
          counted = !hurried;
          taken += counted ? 1 : 0;
        } finally {
          queue.remove(this);
          Turns.this.notifyAll();
        }
      }
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
