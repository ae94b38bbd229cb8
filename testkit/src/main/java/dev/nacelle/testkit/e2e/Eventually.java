package dev.nacelle.testkit.e2e;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits for a condition, with a bound; a failure says what was seen last. */
public final class Eventually {
  /** Long, because tests share the machine: it costs only where something is wrong. */
  public static final Duration PATIENCE =
      Duration.ofSeconds(Long.getLong("nacelle.e2e.patienceSeconds", 90));

  private static final Duration PAUSE = Duration.ofMillis(50);

  private Eventually() {}

  /** Waits until a condition holds. */
  public static void holds(String what, BooleanSupplier condition) {
    holds(what, condition, () -> "");
  }

  /** Waits until a condition holds; a failure shows the state. */
  public static void holds(String what, BooleanSupplier condition, Supplier<String> state) {
    holds(PATIENCE, what, condition, state);
  }

  /** Waits until a condition holds, within a bound; a failure shows the state. */
  public static void holds(
      Duration patience, String what, BooleanSupplier condition, Supplier<String> state) {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "waited " + patience.toSeconds() + " s in vain until " + what + "\n" + state.get());
      }
      pause();
    }
  }

  /** Waits until what is seen meets an expectation, and gives it. */
  public static <T> T sees(String what, Supplier<T> look, Predicate<T> expectation) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      T seen = look.get();
      if (expectation.test(seen)) {
        return seen;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "waited "
                + PATIENCE.toSeconds()
                + " s in vain until "
                + what
                + "; seen last:\n"
                + seen);
      }
      pause();
    }
  }

  /** Waits until something is there, and gives it. */
  public static <T> T present(String what, Supplier<Optional<T>> look) {
    return Objects.requireNonNull(sees(what, look, Optional::isPresent).orElse(null));
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting", e);
    }
  }
}
