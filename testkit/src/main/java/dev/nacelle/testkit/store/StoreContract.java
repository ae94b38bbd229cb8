package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.Entry;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeResult;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Store} promises: extend it and open the store. It does not assume to be alone:
 * other writers may commit to keys outside of "/t/".
 */
public abstract class StoreContract extends StoreWatchContract {
  @Test
  void anEmptyStoreHasARevisionAndNoEntries() {
    RangeResult result = store().range(everything());
    assertThat(result.entries()).isEmpty();
    assertThat(result.more()).isFalse();
    assertThat(result.count()).isZero();
    assertThat(result.revision()).isPositive();
    assertThat(store().compactedRevision()).isZero();
  }

  @Test
  void aKeyTellsItsRevisions() {
    long made = put("a", "1");
    long changed = put("a", "2");
    assertThat(changed).isGreaterThan(made);
    assertThat(get("a")).contains(new Entry(ROOT + "a", Bytes.utf8("2"), made, changed, 2, 0));
    delete("a");
    long again = put("a", "3");
    assertThat(get("a")).contains(new Entry(ROOT + "a", Bytes.utf8("3"), again, again, 1, 0));
  }

  @Test
  void creatingWhatExistsReturnsTheCurrentEntry() {
    put("a", "1");
    Entry existing = get("a").orElseThrow();
    CommitResult result = store().commit(Transaction.create(ROOT + "a", Bytes.utf8("2")));
    assertThat(result)
        .isInstanceOfSatisfying(
            CommitResult.Conflict.class,
            conflict -> {
              assertThat(conflict.current()).containsExactly(existing);
              assertThat(conflict.revision()).isGreaterThanOrEqualTo(existing.modRevision());
            });
    assertThat(value("a")).contains("1");
  }

  @Test
  void anUpdateOfAnOldRevisionConflicts() {
    long old = put("a", "1");
    long current = put("a", "2");
    assertThat(store().commit(Transaction.update(ROOT + "a", old, Bytes.utf8("3"))))
        .isInstanceOf(CommitResult.Conflict.class);
    commit(Transaction.update(ROOT + "a", current, Bytes.utf8("4")));
    assertThat(value("a")).contains("4");
  }

  @Test
  void anUpdateOfWhatIsGoneConflictsWithNothing() {
    long old = put("a", "1");
    delete("a");
    assertThat(store().commit(Transaction.delete(ROOT + "a", old)))
        .isInstanceOfSatisfying(
            CommitResult.Conflict.class, conflict -> assertThat(conflict.current()).isEmpty());
  }

  @Test
  void oneFailedCompareStopsAllOperations() {
    put("a", "1");
    CommitResult result =
        store()
            .commit(
                Transaction.builder()
                    .ifAbsent(ROOT + "b")
                    .ifAbsent(ROOT + "a")
                    .put(ROOT + "b", Bytes.utf8("1"))
                    .deleteKey(ROOT + "a")
                    .build());
    assertThat(result).isInstanceOf(CommitResult.Conflict.class);
    assertThat(all(everything())).containsExactly("a=1");
  }

  @Test
  void allOperationsHaveOneRevision() {
    put("old", "1");
    Transaction.Builder builder = Transaction.builder().deleteKey(ROOT + "old");
    for (int i = 1; i < Store.MAX_OPERATIONS; i++) {
      builder.put(ROOT + "n" + i, Bytes.utf8("1"));
    }
    long revision = commit(builder.build());
    RangeResult result = store().range(everything());
    assertThat(result.entries()).hasSize(Store.MAX_OPERATIONS - 1);
    assertThat(result.entries()).extracting(Entry::modRevision).containsOnly(revision);
  }

  @Test
  void deletingWhatIsNotThereChangesNothing() {
    put("a", "1");
    assertThat(delete("b")).isLessThanOrEqualTo(store().revision());
    assertThat(all(everything())).containsExactly("a=1");
  }

  @Test
  void aPrefixIsDeletedExactly() {
    for (String name : List.of("p", "p/", "p/a", "p/b/c", "p0", "o")) {
      put(name, "1");
    }
    commit(Transaction.builder().deletePrefix(ROOT + "p/").build());
    assertThat(all(everything())).containsExactly("o=1", "p=1", "p0=1");
  }

  @Test
  void tooLargeTransactionsAreRefused() {
    Transaction.Builder many = Transaction.builder();
    for (int i = 0; i <= Store.MAX_OPERATIONS; i++) {
      many.put(ROOT + i, Bytes.EMPTY);
    }
    assertThatThrownBy(many::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("128");
    Bytes large = Bytes.wrap(new byte[Store.MAX_TRANSACTION_BYTES]);
    assertThatThrownBy(() -> Transaction.put(ROOT + "a", large))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1572864");
  }

  @Test
  void aValueOfTheLargestSizeIsReadBack() {
    byte[] large = new byte[Store.MAX_TRANSACTION_BYTES - 100];
    large[large.length - 1] = 7;
    commit(Transaction.put(ROOT + "large", Bytes.copyOf(large)));
    assertThat(get("large").orElseThrow().value()).isEqualTo(Bytes.wrap(large));
  }

  @Test
  void aKeyTouchedTwiceIsRefused() {
    assertThatThrownBy(
            () ->
                Transaction.builder()
                    .put(ROOT + "a/b", Bytes.EMPTY)
                    .deletePrefix(ROOT + "a/")
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two operations");
  }

  @Test
  void keysThatAreNotPrintableAreRefused() {
    for (String key : List.of("", "a\0b", "ä", "a\n", "x".repeat(Store.MAX_KEY_LENGTH + 1))) {
      assertThatThrownBy(() -> Transaction.put(key, Bytes.EMPTY))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void rangesAreInKeyOrderAndEndBeforeTheirEnd() {
    for (String name : List.of("b", "a", "a/x", "a!", "c", "a0")) {
      put(name, "1");
    }
    assertThat(all(everything())).containsExactly("a=1", "a!=1", "a/x=1", "a0=1", "b=1", "c=1");
    assertThat(all(RangeRequest.of(KeyRange.between(ROOT + "a!", ROOT + "b"))))
        .containsExactly("a!=1", "a/x=1", "a0=1");
    assertThat(all(RangeRequest.of(KeyRange.prefix(ROOT).after(ROOT + "a/x"))))
        .containsExactly("a0=1", "b=1", "c=1");
    assertThat(all(RangeRequest.of(KeyRange.between(ROOT + "b", ROOT + "a")))).isEmpty();
  }

  @Test
  void limitsAndCountsAreTold() {
    for (int i = 0; i < 5; i++) {
      put("k" + i, "v");
    }
    RangeResult page = store().range(everything().limit(2));
    assertThat(page.entries()).extracting(StoreFixture::text).containsExactly("k0=v", "k1=v");
    assertThat(page.more()).isTrue();
    assertThat(page.count()).isBetween(3L, 5L);
    assertThat(store().range(everything().limit(2).with(RangeRequest.Option.COUNT_ALL)).count())
        .isEqualTo(5);
    assertThat(store().range(everything().limit(5)).more()).isFalse();
    RangeResult counted = store().range(everything().with(RangeRequest.Option.COUNT_ONLY));
    assertThat(counted.entries()).isEmpty();
    assertThat(counted.count()).isEqualTo(5);
    RangeResult keys = store().range(everything().with(RangeRequest.Option.KEYS_ONLY));
    assertThat(keys.entries()).hasSize(5).allMatch(entry -> entry.value().isEmpty());
  }

  @Test
  void anOldRevisionIsReadAsItWas() {
    long empty = store().revision();
    long one = put("a", "1");
    put("b", "1");
    long two = put("a", "2");
    delete("a");
    long three = put("c", "1");
    long four = put("a", "3");
    put("b", "2");
    assertThat(all(everything().atRevision(empty))).isEmpty();
    assertThat(all(everything().atRevision(one))).containsExactly("a=1");
    assertThat(all(everything().atRevision(two))).containsExactly("a=2", "b=1");
    assertThat(all(everything().atRevision(three))).containsExactly("b=1", "c=1");
    assertThat(all(everything().atRevision(four))).containsExactly("a=3", "b=1", "c=1");
    assertThat(all(RangeRequest.key(ROOT + "a").atRevision(two))).containsExactly("a=2");
    assertThat(all(RangeRequest.key(ROOT + "a").atRevision(three))).isEmpty();
    assertThat(all(RangeRequest.of(KeyRange.prefix(ROOT).after(ROOT + "a")).atRevision(two)))
        .containsExactly("b=1");
    assertThat(store().range(everything().atRevision(two)).revision()).isEqualTo(two);
  }

  @Test
  void aRevisionOfTheFutureIsRefused() {
    long now = put("a", "1");
    assertThatThrownBy(() -> store().range(everything().atRevision(now + 1_000_000)))
        .isInstanceOfSatisfying(
            FutureRevisionException.class,
            e -> assertThat(e.currentRevision()).isGreaterThanOrEqualTo(now));
    assertThatThrownBy(() -> store().compact(now + 1_000_000))
        .isInstanceOf(FutureRevisionException.class);
  }

  @Test
  void pagesOfOneRevisionFitTogetherUnderWrites() {
    for (int i = 0; i < 50; i++) {
      put("k%02d".formatted(i), "old");
    }
    List<String> paged = new ArrayList<>();
    RangeResult page = store().range(everything().limit(7));
    long revision = page.revision();
    KeyRange rest = KeyRange.prefix(ROOT);
    int round = 0;
    while (true) {
      page.entries().forEach(entry -> paged.add(text(entry)));
      if (!page.more()) {
        break;
      }
      put("k%02d".formatted(49 - round), "new");
      delete("k%02d".formatted(40 - round));
      put("k%02dx".formatted(round), "new");
      round++;
      rest = rest.after(page.entries().getLast().key());
      page = store().range(RangeRequest.of(rest).atRevision(revision).limit(7));
    }
    assertThat(paged).hasSize(50).allMatch(text -> text.endsWith("=old"));
  }

  @Test
  void compactionForgetsThePastAndKeepsThePresent() {
    long one = put("a", "1");
    put("gone", "1");
    put("a", "2");
    delete("gone");
    long compacted = put("b", "1");
    long later = put("a", "3");
    store().compact(compacted);
    assertThat(store().compactedRevision()).isEqualTo(compacted);
    assertThatThrownBy(() -> store().range(everything().atRevision(one)))
        .isInstanceOfSatisfying(
            CompactedException.class, e -> assertThat(e.compactedRevision()).isEqualTo(compacted));
    assertThat(all(everything().atRevision(compacted))).containsExactly("a=2", "b=1");
    assertThat(all(everything().atRevision(later))).containsExactly("a=3", "b=1");
    assertThat(all(everything())).containsExactly("a=3", "b=1");
    assertThatThrownBy(() -> store().compact(compacted)).isInstanceOf(CompactedException.class);
  }

  @Test
  void countersOfManyThreadsLoseNothing() throws Exception {
    int callers = 16;
    int each = 25;
    put("counter", "0");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> all = new ArrayList<>();
      for (int c = 0; c < callers; c++) {
        all.add(threads.submit(() -> increment(each)));
      }
      for (Future<Integer> caller : all) {
        assertThat(caller.get(60, TimeUnit.SECONDS)).isEqualTo(each);
      }
    }
    assertThat(value("counter")).contains(Integer.toString(callers * each));
    assertThat(get("counter").orElseThrow().version()).isEqualTo(callers * each + 1L);
  }

  private int increment(int times) {
    int done = 0;
    Entry current = get("counter").orElseThrow();
    while (done < times) {
      int next = Integer.parseInt(current.value().toUtf8()) + 1;
      CommitResult result =
          store()
              .commit(
                  Transaction.update(
                      current.key(), current.modRevision(), Bytes.utf8(Integer.toString(next))));
      switch (result) {
        case CommitResult.Committed(long revision) -> {
          done++;
          Entry seen = get("counter").orElseThrow();
          assertThat(seen.modRevision()).isGreaterThanOrEqualTo(revision);
          current = seen;
        }
        case CommitResult.Conflict conflict -> current = conflict.current().getFirst();
        case CommitResult.Unknown unknown -> throw new AssertionError(unknown.cause());
      }
    }
    return done;
  }

  @Test
  void whatIsAcknowledgedIsSeenByEveryLaterRead() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> all = new ArrayList<>();
      for (int c = 0; c < 8; c++) {
        String name = "c" + c;
        all.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    long revision = put(name, "" + i);
                    assertThat(value(name)).contains("" + i);
                    RangeResult result = store().range(everything());
                    assertThat(result.revision()).isGreaterThanOrEqualTo(revision);
                    assertThat(result.entries().stream().map(StoreFixture::text))
                        .contains(name + "=" + i);
                    assertThat(store().revision()).isGreaterThanOrEqualTo(revision);
                  }
                  return true;
                }));
      }
      for (Future<Boolean> caller : all) {
        assertThat(caller.get(60, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void aClosedStoreRefuses() {
    put("a", "1");
    store().close();
    store().close();
    assertThatThrownBy(() -> get("a")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> put("a", "2")).isInstanceOf(StoreException.class);
  }
}
