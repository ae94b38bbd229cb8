package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.Entry;
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
public abstract class StoreContract extends StoreRangeContract {
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
