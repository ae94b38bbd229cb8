package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.store.CompactedException;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeResult;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What reads and compactions promise. */
abstract class StoreRangeContract extends StoreWatchContract {
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
}
