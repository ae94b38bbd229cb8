package dev.nacelle.controllers.shared;

import dev.nacelle.api.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** Runs many API calls side by side. */
public final class Batches {
  private static final int WIDEST = 64;

  private Batches() {}

  /** How many calls were made, and the first that failed. */
  public record Result(int made, Optional<ApiException> failure) {}

  /**
   * Calls for each item in batches of 1, 2, 4, ... and stops after the first batch with a failure:
   * a quota that is used up costs a few refused calls, not all.
   */
  public static <T> Result slowStart(List<T> items, Consumer<T> call) throws InterruptedException {
    int made = 0;
    int size = 1;
    while (made < items.size()) {
      List<T> batch = items.subList(made, Math.min(items.size(), made + size));
      made += batch.size();
      Optional<ApiException> failure = together(batch, call);
      if (failure.isPresent()) {
        return new Result(made, failure);
      }
      size = Math.min(WIDEST, size * 2);
    }
    return new Result(made, Optional.empty());
  }

  /** Calls for every item, at most 64 at a time; all are tried. */
  public static <T> Result all(List<T> items, Consumer<T> call) throws InterruptedException {
    Optional<ApiException> failure = Optional.empty();
    for (int at = 0; at < items.size(); at += WIDEST) {
      var batch = together(items.subList(at, Math.min(items.size(), at + WIDEST)), call);
      failure = failure.or(() -> batch);
    }
    return new Result(items.size(), failure);
  }

  private static <T> Optional<ApiException> together(List<T> batch, Consumer<T> call)
      throws InterruptedException {
    var failures = new ConcurrentLinkedQueue<ApiException>();
    if (batch.size() == 1) {
      attempt(batch.getFirst(), call, failures);
    } else {
      var threads = new ArrayList<Thread>();
      for (T item : batch) {
        threads.add(Thread.startVirtualThread(() -> attempt(item, call, failures)));
      }
      try {
        for (Thread thread : threads) {
          thread.join();
        }
      } catch (InterruptedException e) {
        threads.forEach(Thread::interrupt);
        throw e;
      }
    }
    return Optional.ofNullable(failures.peek());
  }

  private static <T> void attempt(
      T item, Consumer<T> call, ConcurrentLinkedQueue<ApiException> failures) {
    try {
      call.accept(item);
    } catch (ApiException e) {
      failures.add(e);
    } catch (RuntimeException e) {
      failures.add(ApiException.internal(e.toString()));
    }
  }
}
