package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchBatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What watches promise. */
abstract class StoreWatchContract extends StoreLeaseContract {
  private static final WatchRequest EVERYTHING = WatchRequest.prefix(ROOT);

  @Test
  void aWatchFromThePastReplaysHistoryAndGoesOn() throws InterruptedException {
    long first = put("a", "1");
    put("b", "1");
    put("a", "2");
    delete("b");
    try (StoreWatch watch = store().watch(EVERYTHING.fromRevision(first))) {
      assertThat(takeTexts(watch, 4)).containsExactly("a=1", "b=1", "a=2", "-b");
      put("c", "1");
      assertThat(takeTexts(watch, 1)).containsExactly("c=1");
    }
  }

  @Test
  void aWatchFromNowSeesOnlyWhatComes() throws InterruptedException {
    put("a", "1");
    try (StoreWatch watch = store().watch(EVERYTHING)) {
      put("a", "2");
      assertThat(takeTexts(watch, 1)).containsExactly("a=2");
    }
  }

  @Test
  void aWatchFromTheFutureWaitsForIt() throws InterruptedException {
    long now = put("a", "1");
    try (StoreWatch watch = store().watch(EVERYTHING.fromRevision(now + 50))) {
      long last = now;
      while (last < now + 50) {
        last = put("a", "at " + last);
      }
      WatchEvent event = take(watch, 1).getFirst();
      assertThat(event.modRevision()).isBetween(now + 50, last);
    }
  }

  @Test
  void previousValuesComeIfAsked() throws InterruptedException {
    long first = put("a", "1");
    put("a", "2");
    delete("a");
    put("a", "3");
    WatchRequest request = EVERYTHING.fromRevision(first).with(WatchRequest.Option.PREVIOUS_VALUES);
    try (StoreWatch watch = store().watch(request)) {
      assertThat(takeTexts(watch, 4)).containsExactly("a=1", "a=2 was 1", "-a was 2", "a=3");
      put("a", "4");
      assertThat(takeTexts(watch, 1)).containsExactly("a=4 was 3");
    }
  }

  @Test
  void eventsTellWhenTheKeyWasMade() throws InterruptedException {
    long made = put("a", "1");
    long changed = put("a", "2");
    try (StoreWatch watch = store().watch(EVERYTHING.fromRevision(made))) {
      List<WatchEvent> events = take(watch, 2);
      assertThat(((WatchEvent.Put) events.getFirst()).isCreate()).isTrue();
      WatchEvent.Put second = (WatchEvent.Put) events.getLast();
      assertThat(second.isCreate()).isFalse();
      assertThat(second.entry().createRevision()).isEqualTo(made);
      assertThat(second.entry().modRevision()).isEqualTo(changed);
      assertThat(second.entry().version()).isEqualTo(2);
    }
  }

  @Test
  void aWatchSeesItsKeysOnly() throws InterruptedException {
    long first = put("a", "1");
    put("ab", "1");
    put("b", "1");
    put("a", "2");
    try (StoreWatch one = store().watch(WatchRequest.key(ROOT + "a").fromRevision(first));
        StoreWatch some = store().watch(WatchRequest.prefix(ROOT + "a").fromRevision(first))) {
      assertThat(takeTexts(one, 2)).containsExactly("a=1", "a=2");
      assertThat(takeTexts(some, 3)).containsExactly("a=1", "ab=1", "a=2");
    }
  }

  @Test
  void theEventsOfOneCommitComeTogetherAndInOrder() throws InterruptedException {
    put("x", "1");
    try (StoreWatch watch = store().watch(EVERYTHING)) {
      long revision =
          commit(
              Transaction.builder()
                  .put(ROOT + "z", Bytes.utf8("1"))
                  .deleteKey(ROOT + "x")
                  .put(ROOT + "a", Bytes.utf8("1"))
                  .build());
      WatchBatch batch = watch.poll(BOUND);
      assertThat(batch.events()).extracting(StoreFixture::text).containsExactly("z=1", "-x", "a=1");
      assertThat(batch.events()).extracting(WatchEvent::modRevision).containsOnly(revision);
      assertThat(batch.revision()).isGreaterThanOrEqualTo(revision);
    }
  }

  @Test
  void aConflictIsNotSeen() throws InterruptedException {
    put("a", "1");
    try (StoreWatch watch = store().watch(EVERYTHING)) {
      assertThat(store().commit(Transaction.create(ROOT + "a", Bytes.utf8("2")))).isNotNull();
      put("b", "1");
      assertThat(takeTexts(watch, 1)).containsExactly("b=1");
    }
  }

  @Test
  void aCompactedRevisionEndsTheWatch() {
    long first = put("a", "1");
    put("a", "2");
    long last = put("a", "3");
    store().compact(last);
    try (StoreWatch watch = store().watch(EVERYTHING.fromRevision(first))) {
      assertThatThrownBy(() -> watch.poll(BOUND))
          .isInstanceOfSatisfying(
              CompactedException.class, e -> assertThat(e.compactedRevision()).isEqualTo(last));
    }
  }

  @Test
  void aWatchBehindTheCompactedRevisionGoesOn() throws InterruptedException {
    put("a", "1");
    long compacted = put("a", "2");
    store().compact(compacted);
    try (StoreWatch watch = store().watch(EVERYTHING.fromRevision(compacted + 1))) {
      put("a", "3");
      assertThat(takeTexts(watch, 1)).containsExactly("a=3");
    }
  }

  @Test
  void aPollWithoutEventsEndsInTime() throws InterruptedException {
    try (StoreWatch watch = store().watch(EVERYTHING)) {
      assertThat(watch.poll(Duration.ZERO).events()).isEmpty();
      assertThat(watch.poll(SHORT).events()).isEmpty();
    }
  }

  @Test
  void progressIsToldOnRequest() throws InterruptedException {
    try (StoreWatch watch = store().watch(WatchRequest.prefix(ROOT + "quiet/"))) {
      long elsewhere = put("loud", "1");
      watch.requestProgress();
      assertThat(watch.poll(BOUND).revision()).isGreaterThanOrEqualTo(elsewhere);
    }
  }

  @Test
  void progressIsToldUnaskedIfTheWatchWasOpenedSo() throws InterruptedException {
    WatchRequest request = WatchRequest.prefix(ROOT + "quiet/").with(WatchRequest.Option.PROGRESS);
    try (StoreWatch watch = store().watch(request)) {
      long elsewhere = put("loud", "1");
      long deadline = System.nanoTime() + BOUND.toNanos();
      while (watch.poll(SHORT).revision() < elsewhere) {
        assertThat(System.nanoTime()).isLessThan(deadline);
      }
    }
  }

  @Test
  void progressNeverOvertakesAnEvent() throws Exception {
    try (StoreWatch watch = store().watch(EVERYTHING.with(WatchRequest.Option.PROGRESS));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int count = 2000;
      Future<Long> writer = threads.submit(() -> putMany("w", count));
      long known = 0;
      int seen = 0;
      while (seen < count) {
        watch.requestProgress();
        WatchBatch batch = watch.poll(SHORT);
        for (WatchEvent event : batch.events()) {
          assertThat(event.modRevision()).isGreaterThan(known);
        }
        seen += batch.events().size();
        assertThat(batch.revision()).isGreaterThanOrEqualTo(known);
        known = batch.revision();
      }
      assertThat(writer.get(30, TimeUnit.SECONDS)).isLessThanOrEqualTo(known);
    }
  }

  private long putMany(String name, int count) {
    long last = 0;
    for (int i = 0; i < count; i++) {
      last = put(name, Integer.toString(i));
    }
    return last;
  }

  @Test
  void slowAndFastReadersSeeEveryEventOnceAndInOrder() throws Exception {
    int writers = 4;
    int each = 1500;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        StoreWatch fast = store().watch(EVERYTHING);
        StoreWatch slow = store().watch(EVERYTHING);
        StoreWatch late = store().watch(EVERYTHING.fromRevision(store().revision() + 1))) {
      Future<List<WatchEvent>> fastEvents = threads.submit(() -> take(fast, writers * each));
      List<Future<Long>> all = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        String name = "w" + w;
        all.add(threads.submit(() -> putMany(name, each)));
      }
      List<WatchEvent> slowEvents = new ArrayList<>(take(slow, 10));
      for (Future<Long> writer : all) {
        writer.get(60, TimeUnit.SECONDS);
      }
      slowEvents.addAll(take(slow, writers * each - slowEvents.size()));
      assertGapless(slowEvents, writers, each);
      assertGapless(fastEvents.get(60, TimeUnit.SECONDS), writers, each);
      assertGapless(take(late, writers * each), writers, each);
      assertThat(slow.poll(Duration.ZERO).events()).isEmpty();
    }
  }

  private static void assertGapless(List<WatchEvent> events, int writers, int each) {
    assertThat(events).hasSize(writers * each);
    int[] next = new int[writers];
    long revision = 0;
    for (WatchEvent event : events) {
      assertThat(event.modRevision()).isGreaterThan(revision);
      revision = event.modRevision();
      int writer = event.key().charAt(event.key().length() - 1) - '0';
      assertThat(((WatchEvent.Put) event).value().toUtf8())
          .isEqualTo(Integer.toString(next[writer]++));
    }
  }

  @Test
  void underCompactionAReaderSeesNoGapOrIsTold() throws Exception {
    int count = 3000;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        StoreWatch watch = store().watch(EVERYTHING)) {
      Future<Long> writer = threads.submit(() -> putMany("w0", count));
      Callable<Integer> compactor =
          () -> {
            int compactions = 0;
            while (!writer.isDone()) {
              long revision = store().revision();
              if (revision > store().compactedRevision()) {
                store().compact(revision);
                compactions++;
              }
            }
            return compactions;
          };
      Future<Integer> compactions = threads.submit(compactor);
      int next = 0;
      try {
        while (next < count) {
          for (WatchEvent event : watch.poll(SHORT).events()) {
            assertThat(text(event)).isEqualTo("w0=" + next);
            next++;
          }
        }
      } catch (CompactedException e) {
        assertThat(e.compactedRevision()).isPositive();
      }
      writer.get(60, TimeUnit.SECONDS);
      assertThat(compactions.get(60, TimeUnit.SECONDS)).isPositive();
    }
  }

  @Test
  void closingAWatchWakesItsReader() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      StoreWatch watch = store().watch(EVERYTHING);
      Future<WatchBatch> reader = threads.submit(() -> watch.poll(BOUND));
      watch.close();
      watch.close();
      assertThatThrownBy(() -> reader.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(StoreException.class);
    }
  }

  @Test
  void closingTheStoreEndsItsWatches() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        StoreWatch watch = store().watch(EVERYTHING)) {
      Future<WatchBatch> reader = threads.submit(() -> watch.poll(BOUND));
      store().close();
      assertThatThrownBy(() -> reader.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(StoreException.class);
    }
  }
}
