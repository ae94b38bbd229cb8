package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.Entry;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** One store for each test, and short words to use it. All keys of the tests are under "/t/". */
abstract class StoreFixture {
  static final String ROOT = "/t/";
  static final Duration SHORT = Duration.ofMillis(20);
  static final Duration BOUND = Duration.ofSeconds(30);

  private final AtomicLong nanos = new AtomicLong(1);
  private Optional<Store> opened = Optional.empty();

  /**
   * An empty store.
   *
   * @param nanoTime the clock of its leases
   */
  protected abstract Store open(LongSupplier nanoTime);

  @BeforeEach
  void openStore() {
    opened = Optional.of(open(nanos::get));
  }

  @AfterEach
  void closeStore() {
    opened.ifPresent(Store::close);
  }

  final Store store() {
    return opened.orElseThrow();
  }

  final void advanceClock(Duration by) {
    nanos.addAndGet(by.toNanos());
  }

  final long commit(Transaction transaction) {
    return committed(store().commit(transaction));
  }

  static long committed(CommitResult result) {
    assertThat(result).isInstanceOf(CommitResult.Committed.class);
    return ((CommitResult.Committed) result).revision();
  }

  final long put(String name, String value) {
    return commit(Transaction.put(ROOT + name, Bytes.utf8(value)));
  }

  final long delete(String name) {
    return commit(Transaction.builder().deleteKey(ROOT + name).build());
  }

  final Optional<Entry> get(String name) {
    return store().range(RangeRequest.key(ROOT + name)).first();
  }

  final Optional<String> value(String name) {
    return get(name).map(entry -> entry.value().toUtf8());
  }

  /** "name=value" for all keys of the test. */
  final List<String> all(RangeRequest request) {
    return store().range(request).entries().stream().map(StoreFixture::text).toList();
  }

  static RangeRequest everything() {
    return RangeRequest.prefix(ROOT);
  }

  static String text(Entry entry) {
    return entry.key().substring(ROOT.length()) + "=" + entry.value().toUtf8();
  }

  static String text(WatchEvent event) {
    String was = event.previous().map(entry -> " was " + entry.value().toUtf8()).orElse("");
    return switch (event) {
      case WatchEvent.Put put -> text(put.entry()) + was;
      case WatchEvent.Delete delete -> "-" + delete.key().substring(ROOT.length()) + was;
    };
  }

  /** Polls until {@code count} events are there. */
  static List<WatchEvent> take(StoreWatch watch, int count) throws InterruptedException {
    List<WatchEvent> events = new ArrayList<>();
    long deadline = System.nanoTime() + BOUND.toNanos();
    while (events.size() < count) {
      assertThat(System.nanoTime()).as("events: %s", events).isLessThan(deadline);
      events.addAll(watch.poll(Duration.ofSeconds(1)).events());
    }
    return events;
  }

  static List<String> takeTexts(StoreWatch watch, int count) throws InterruptedException {
    return take(watch, count).stream().map(StoreFixture::text).toList();
  }

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + BOUND.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for: %s", what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
