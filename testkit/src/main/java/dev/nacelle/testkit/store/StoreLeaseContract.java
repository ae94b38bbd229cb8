package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.LeaseNotFoundException;
import dev.nacelle.store.LeaseStatus;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What leases promise. */
abstract class StoreLeaseContract extends StoreFixture {
  private static final Duration TTL = Duration.ofSeconds(10);

  private long putWithLease(String name, String value, long lease) {
    return commit(
        Transaction.builder().putWithLease(ROOT + name, Bytes.utf8(value), lease).build());
  }

  @Test
  void anExpiredLeaseDeletesItsKeysInOneCommit() throws InterruptedException {
    long lease = store().grantLease(TTL);
    put("other", "stays");
    putWithLease("a", "1", lease);
    long last = putWithLease("b", "2", lease);
    try (StoreWatch watch = store().watch(WatchRequest.prefix(ROOT).fromRevision(last + 1))) {
      advanceClock(TTL.plusMillis(1));
      List<WatchEvent> events = take(watch, 2);
      assertThat(events).extracting(StoreFixture::text).containsExactlyInAnyOrder("-a", "-b");
      assertThat(events.getFirst().modRevision()).isEqualTo(events.getLast().modRevision());
    }
    assertThat(all(everything())).containsExactly("other=stays");
    await("the lease is gone", () -> store().lease(lease).isEmpty());
  }

  @Test
  void aLeaseThatIsKeptAliveDoesNotExpire() {
    long kept = store().grantLease(TTL);
    long left = store().grantLease(TTL);
    putWithLease("kept", "1", kept);
    putWithLease("left", "1", left);
    for (int i = 0; i < 3; i++) {
      advanceClock(TTL.minusSeconds(4));
      assertThat(store().keepAlive(kept)).isEqualTo(TTL);
    }
    await("the other one expired", () -> get("left").isEmpty());
    assertThat(value("kept")).contains("1");
  }

  @Test
  void aRevokedLeaseDeletesItsKeysAtOnce() {
    long lease = store().grantLease(TTL);
    putWithLease("a", "1", lease);
    store().revokeLease(lease);
    assertThat(get("a")).isEmpty();
    assertThat(store().lease(lease)).isEmpty();
    assertThatThrownBy(() -> store().revokeLease(lease)).isInstanceOf(LeaseNotFoundException.class);
    assertThatThrownBy(() -> store().keepAlive(lease)).isInstanceOf(LeaseNotFoundException.class);
  }

  @Test
  void aPutWithoutTheLeaseDetachesTheKey() {
    long lease = store().grantLease(TTL);
    putWithLease("a", "1", lease);
    assertThat(get("a").orElseThrow().lease()).isEqualTo(lease);
    put("a", "2");
    store().revokeLease(lease);
    assertThat(value("a")).contains("2");
  }

  @Test
  void aPutWithAnotherLeaseMovesTheKey() {
    long first = store().grantLease(TTL);
    long second = store().grantLease(TTL);
    putWithLease("a", "1", first);
    putWithLease("a", "2", second);
    store().revokeLease(first);
    assertThat(value("a")).contains("2");
    store().revokeLease(second);
    assertThat(value("a")).isEmpty();
  }

  @Test
  void anUnknownLeaseIsRefusedAndNothingIsCommitted() {
    Transaction transaction =
        Transaction.builder()
            .put(ROOT + "a", Bytes.utf8("1"))
            .putWithLease(ROOT + "b", Bytes.utf8("2"), 4711)
            .build();
    assertThatThrownBy(() -> store().commit(transaction))
        .isInstanceOf(LeaseNotFoundException.class)
        .hasMessageContaining("4711");
    assertThat(all(everything())).isEmpty();
  }

  @Test
  void aLeaseTellsItsTimesAndKeys() {
    long lease = store().grantLease(TTL);
    putWithLease("b", "1", lease);
    putWithLease("a", "1", lease);
    putWithLease("gone", "1", lease);
    delete("gone");
    advanceClock(Duration.ofSeconds(3));
    LeaseStatus status = store().lease(lease).orElseThrow();
    assertThat(status.timeToLive()).isEqualTo(TTL);
    assertThat(status.remaining()).isEqualTo(Duration.ofSeconds(7));
    assertThat(status.keys()).containsExactly(ROOT + "a", ROOT + "b");
  }

  @Test
  void aLeaseOfLessThanASecondIsRefused() {
    assertThatThrownBy(() -> store().grantLease(Duration.ofMillis(999)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
