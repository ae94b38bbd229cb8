package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.store.Entry;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.WatchBatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a writing process with SIGKILL at random moments: nothing acknowledged may be lost. */
class RocksStoreCrashTest {
  private static final int ROUNDS = 10;

  @TempDir Path directory = Path.of("");

  @Test
  void nothingAcknowledgedIsLostByKill() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    Map<String, Long> acknowledged = new TreeMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      writeAndKill(round, random.nextInt(3000), acknowledged);
      try (Store store = RocksStore.open(directory, RocksStoreOptions.defaults())) {
        verify(store, acknowledged, "round %d of -Dseed=%d".formatted(round, seed));
      }
    }
    assertThat(acknowledged).hasSizeGreaterThan(ROUNDS);
  }

  private void writeAndKill(int round, int acknowledgements, Map<String, Long> acknowledged)
      throws IOException, InterruptedException {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                CrashWriter.class.getName(),
                directory.toString(),
                Integer.toString(round))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines = writer.inputReader(StandardCharsets.US_ASCII)) {
      String line = lines.readLine();
      for (int i = 0; line != null; i++) {
        if (i == acknowledgements) {
          // by its handle, which leaves the pipe open: what was acknowledged before is still read
          assertThat(writer.toHandle().destroyForcibly()).isTrue();
        }
        int space = line.indexOf(' ');
        String next = lines.readLine();
        if (next != null) { // the last line may be cut off
          acknowledged.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
        }
        line = next;
      }
    } finally {
      writer.destroyForcibly();
      assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void verify(Store store, Map<String, Long> acknowledged, String where)
      throws InterruptedException {
    Map<String, Entry> found = new TreeMap<>();
    for (Entry entry : store.range(RangeRequest.prefix("/t/")).entries()) {
      found.put(entry.key(), entry);
    }
    acknowledged.forEach(
        (key, revision) ->
            assertThat(found.get(key))
                .as("%s in %s", key, where)
                .isNotNull()
                .extracting(Entry::modRevision)
                .isEqualTo(revision));
    assertThat(replayed(store, where)).as(where).isEqualTo(found);
  }

  /** The state that follows from the feed alone: it must be gapless, and the same. */
  private static Map<String, Entry> replayed(Store store, String where)
      throws InterruptedException {
    Map<String, Entry> state = new TreeMap<>();
    try (StoreWatch watch = store.watch(WatchRequest.prefix("").fromRevision(1))) {
      long revision = 1;
      while (revision < store.revision()) {
        WatchBatch batch = watch.poll(Duration.ofSeconds(10));
        for (WatchEvent event : batch.events()) {
          assertThat(event.modRevision()).as(where).isBetween(revision, revision + 1);
          revision = event.modRevision();
          switch (event) {
            case WatchEvent.Put put -> state.put(put.key(), put.entry());
            case WatchEvent.Delete delete -> state.remove(delete.key());
          }
        }
      }
    }
    return state;
  }
}
