package dev.nacelle.store.rocks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.Operation;
import dev.nacelle.store.ValueCodec;
import dev.nacelle.store.WatchBatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeedTest {
  private static final int WRITERS = 50;
  private static final int EACH = 200;

  @TempDir Path directory = Path.of("");

  @Test
  void aFeedThatFellBehindSendsItsWatchesToTheDiskAndNothingIsLost() throws Exception {
    RocksStoreOptions options = RocksStoreOptions.defaults();
    try (Engine engine = Engine.open(directory, options);
        Feed feed = new Feed();
        Committer committer = new Committer(engine, feed)) {
      committer.start();
      try (RocksWatch watch = liveWatch(engine, feed, committer)) {
        commitMany(engine, committer); // more than the feed's memory holds, while it stands still
        feed.start(Committer.FIRST_REVISION);
        long next = Committer.FIRST_REVISION + 1;
        while (next <= committer.revision()) {
          WatchBatch batch = watch.poll(Duration.ofSeconds(10));
          for (WatchEvent event : batch.events()) {
            assertThat(event.modRevision()).isEqualTo(next++);
          }
        }
        assertThat(next).isEqualTo(Committer.FIRST_REVISION + 1 + WRITERS * EACH);
        assertThat(watch.poll(Duration.ZERO).events()).isEmpty();
      }
    }
  }

  private static RocksWatch liveWatch(Engine engine, Feed feed, Committer committer) {
    RocksWatch watch =
        new RocksWatch(
            feed,
            committer,
            new FeedReader(engine, committer),
            ValueCodec.PLAIN,
            WatchRequest.prefix(""),
            committer.revision() + 1,
            1024);
    feed.open(watch);
    assertThat(feed.join(watch, committer.revision() + 1)).isTrue();
    return watch;
  }

  private static void commitMany(Engine engine, Committer committer) throws Exception {
    Leases leases = new Leases(engine, committer, System::nanoTime);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> writers = new ArrayList<>();
      for (int w = 0; w < WRITERS; w++) {
        Operation put = new Operation.Put("/w" + w, Bytes.utf8("value"), 0);
        var job = new TransactionJob(List.of(), List.of(put), leases);
        writers.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < EACH; i++) {
                    assertThat(committer.submit(job, 10)).isNotNull();
                  }
                  return true;
                }));
      }
      for (Future<Boolean> writer : writers) {
        assertThat(writer.get(60, TimeUnit.SECONDS)).isTrue();
      }
    }
  }
}
