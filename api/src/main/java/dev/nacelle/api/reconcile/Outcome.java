package dev.nacelle.api.reconcile;

import java.time.Duration;

/** What a reconciliation came to. */
public sealed interface Outcome {
  Outcome SETTLED = new Settled();

  /** Nothing to do until something changes. */
  record Settled() implements Outcome {}

  /** Look again after a time, even if nothing changes. */
  record CheckAgain(Duration after) implements Outcome {}

  static Outcome checkAgain(Duration after) {
    return new CheckAgain(after);
  }
}
