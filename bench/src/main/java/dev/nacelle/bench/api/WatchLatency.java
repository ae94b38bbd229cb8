package dev.nacelle.bench.api;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.bench.platform.ApiConnection;
import dev.nacelle.bench.platform.Watch;
import dev.nacelle.bench.report.Samples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * From a durable create to its event at each of several watchers over TLS, one create at a time.
 * The instant of the commit is not known outside: it lies between the sending of the request and
 * its answer, so both are measured.
 */
final class WatchLatency {
  private final Samples sinceSent = new Samples();
  private final Samples sinceAnswered = new Samples();
  private final Samples answered = new Samples();

  Samples sinceSent() {
    return sinceSent;
  }

  /** Negative where the event came before the answer. */
  Samples sinceAnswered() {
    return sinceAnswered;
  }

  Samples answered() {
    return answered;
  }

  /**
   * @param collection the path that is watched and written to
   * @param object what is created, with a generated name
   */
  void run(ApiConnection api, String collection, JsonObject object, int watchers, int count)
      throws IOException, InterruptedException {
    String revision =
        api.get(collection + "?limit=1").string("metadata", "resourceVersion").orElse("0");
    BlockingQueue<Long> arrivals = new ArrayBlockingQueue<>(watchers * 2);
    List<Watch> open = new ArrayList<>();
    List<Thread> readers = new ArrayList<>();
    try {
      for (int i = 0; i < watchers; i++) {
        Watch watch = api.watch(collection, revision);
        open.add(watch);
        readers.add(Thread.ofPlatform().daemon().start(() -> read(watch, arrivals)));
      }
      for (int i = 0; i < count; i++) {
        long sent = System.nanoTime();
        api.post(collection, object);
        long done = System.nanoTime();
        answered.add((done - sent) / 1e6);
        for (int w = 0; w < watchers; w++) {
          Long arrival = arrivals.poll(10, TimeUnit.SECONDS);
          if (arrival == null) {
            throw new IOException("a watcher did not see its event within 10 s");
          }
          sinceSent.add((arrival - sent) / 1e6);
          sinceAnswered.add((arrival - done) / 1e6);
        }
      }
    } finally {
      open.forEach(Watch::close);
      for (Thread reader : readers) {
        reader.join();
      }
    }
  }

  private static void read(Watch watch, BlockingQueue<Long> arrivals) {
    try {
      while (true) {
        if (watch.line().contains("\"ADDED\"")) {
          arrivals.put(System.nanoTime());
        }
      }
    } catch (IOException e) {
      // closed: the figure is taken, or the writer misses an arrival and says so
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
