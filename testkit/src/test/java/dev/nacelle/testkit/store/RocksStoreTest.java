package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.HistoryWindow;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreReadOnlyException;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link RocksStore} promises beyond the contract: files, restarts, broken disks. */
class RocksStoreTest {
  private static final RocksStoreOptions OPTIONS = RocksStoreOptions.defaults();

  @TempDir Path directory = Path.of("");

  private static long put(RocksStore store, String key, String value) {
    return StoreFixture.committed(store.commit(Transaction.put(key, Bytes.utf8(value))));
  }

  private static String value(RocksStore store, RangeRequest request) {
    return store.range(request).first().orElseThrow().value().toUtf8();
  }

  @Test
  void aReopenedStoreHasItsStateHistoryAndCounters() {
    long first;
    long last;
    long lease;
    try (RocksStore store = RocksStore.open(directory, OPTIONS)) {
      put(store, "/a", "0");
      first = put(store, "/a", "1");
      store.compact(first);
      lease = store.grantLease(Duration.ofSeconds(30));
      last = put(store, "/a", "2");
    }
    try (RocksStore store = RocksStore.open(directory, OPTIONS)) {
      assertThat(store.revision()).isEqualTo(last);
      assertThat(store.compactedRevision()).isEqualTo(first);
      assertThat(value(store, RangeRequest.key("/a"))).isEqualTo("2");
      assertThat(value(store, RangeRequest.key("/a").atRevision(first))).isEqualTo("1");
      assertThatThrownBy(() -> store.range(RangeRequest.key("/a").atRevision(first - 1)))
          .isInstanceOf(CompactedException.class);
      assertThat(put(store, "/a", "3")).isEqualTo(last + 1);
      assertThat(store.grantLease(Duration.ofSeconds(1))).isGreaterThan(lease);
    }
  }

  @Test
  void aLeaseLivesItsFullTimeAfterARestart() {
    AtomicLong nanos = new AtomicLong();
    long lease;
    try (RocksStore store = RocksStore.open(directory, OPTIONS.nanoTime(nanos::get))) {
      lease = store.grantLease(Duration.ofSeconds(10));
      Transaction attached =
          Transaction.builder().putWithLease("/a", Bytes.utf8("1"), lease).build();
      StoreFixture.committed(store.commit(attached));
      nanos.addAndGet(Duration.ofSeconds(9).toNanos());
    }
    try (RocksStore store = RocksStore.open(directory, OPTIONS.nanoTime(nanos::get))) {
      assertThat(store.lease(lease).orElseThrow().remaining()).isEqualTo(Duration.ofSeconds(10));
      assertThat(store.lease(lease).orElseThrow().keys()).containsExactly("/a");
      nanos.addAndGet(Duration.ofSeconds(11).toNanos());
      StoreFixture.await(
          "the key is gone", () -> store.range(RangeRequest.key("/a")).entries().isEmpty());
    }
  }

  @Test
  void aDirectoryOfANewerVersionIsRefused() throws IOException {
    RocksStore.open(directory, OPTIONS).close();
    Files.writeString(directory.resolve("FORMAT"), "nacelle-store 2\n");
    assertThatThrownBy(() -> RocksStore.open(directory, OPTIONS))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("format 2 is newer than 1")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aDamagedFormatFileIsRefused() throws IOException {
    Files.writeString(directory.resolve("FORMAT"), "something else");
    assertThatThrownBy(() -> RocksStore.open(directory, OPTIONS))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("FORMAT is damaged");
  }

  @Test
  void aSecondOpenerIsRefused() {
    try (RocksStore store = RocksStore.open(directory, OPTIONS)) {
      assertThatThrownBy(() -> RocksStore.open(directory, OPTIONS))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("another process has it open")
          .hasMessageNotContaining("\n");
      put(store, "/a", "1");
    }
  }

  @Test
  void anInterruptedCommitIsUnknownAndTheThreadStaysInterrupted() {
    try (RocksStore store = RocksStore.open(directory, OPTIONS)) {
      Thread.currentThread().interrupt();
      CommitResult result = store.commit(Transaction.put("/a", Bytes.utf8("1")));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(result).isInstanceOf(CommitResult.Unknown.class);
    }
  }

  @Test
  void aHistoryWindowCompactsWhatIsOldEnough() {
    AtomicLong nanos = new AtomicLong();
    try (RocksStore store = RocksStore.open(directory, OPTIONS)) {
      HistoryWindow window = new HistoryWindow(store, HistoryWindow.DEFAULT, nanos::get);
      long first = put(store, "/a", "1");
      window.tick();
      put(store, "/a", "2");
      nanos.addAndGet(Duration.ofMinutes(4).toNanos());
      window.tick();
      assertThat(store.compactedRevision()).isZero();
      nanos.addAndGet(Duration.ofMinutes(1).toNanos());
      window.tick();
      assertThat(store.compactedRevision()).isEqualTo(first);
    }
  }

  @Test
  void aFullDiskMakesTheStoreReadOnlyAndLosesNothing() throws Exception {
    Path mount = Files.createDirectory(directory.resolve("small"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=12m", "nacelle-test", mount.toString()),
        "needs the right to mount a tmpfs");
    try {
      Path ballast = mount.resolve("ballast");
      Files.write(ballast, new byte[4 << 20]);
      List<String> acknowledged = new ArrayList<>();
      try (RocksStore store = RocksStore.open(mount.resolve("store"), OPTIONS)) {
        fill(store, acknowledged);
        assertThat(store.failure()).isPresent();
        assertThatThrownBy(() -> put(store, "/more", "1"))
            .isInstanceOf(StoreReadOnlyException.class)
            .hasMessageContaining("read-only");
        assertPresent(store, acknowledged);
      }
      Files.delete(ballast);
      try (RocksStore store = RocksStore.open(mount.resolve("store"), OPTIONS)) {
        assertPresent(store, acknowledged);
        put(store, "/more", "1");
      }
    } finally {
      assertThat(run("umount", mount.toString())).isTrue();
    }
  }

  private static void fill(RocksStore store, List<String> acknowledged) {
    byte[] noise = new byte[64 << 10];
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      random.nextBytes(noise);
      String key = "/k/" + i;
      switch (store.commit(Transaction.put(key, Bytes.copyOf(noise)))) {
        case CommitResult.Committed _ -> acknowledged.add(key);
        case CommitResult.Unknown _ -> {
          return;
        }
        case CommitResult.Conflict conflict -> throw new AssertionError(conflict);
      }
    }
    throw new AssertionError("the disk never became full");
  }

  private static void assertPresent(RocksStore store, List<String> keys) {
    assertThat(keys).isNotEmpty();
    for (String key : keys) {
      assertThat(store.range(RangeRequest.key(key)).entries()).as(key).hasSize(1);
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }
}
