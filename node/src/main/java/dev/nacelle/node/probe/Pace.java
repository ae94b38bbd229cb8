package dev.nacelle.node.probe;

import java.time.Duration;
import java.time.Instant;

/** The time that probes go by. */
public interface Pace {
  /** The time of the host. */
  Pace OF_HOST =
      new Pace() {
        @Override
        public Instant now() {
          return Instant.now();
        }

        @Override
        public void sleep(Duration time) throws InterruptedException {
          Thread.sleep(time);
        }
      };

  Instant now();

  void sleep(Duration time) throws InterruptedException;
}
