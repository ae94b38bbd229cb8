package dev.nacelle.bench.store;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Durable puts, reads and watch latency of {@link RocksStore}, beside the bare appends and syncs of
 * the same disk. Arguments: the directory to work in, and seconds for each line of the table.
 */
public final class StoreBench {
  private static final int VALUE_BYTES = 1024;
  private static final int READ_KEYS = 1000;

  private final RocksStore store;
  private final Duration each;
  private final Bytes value;

  private StoreBench(RocksStore store, Duration each) {
    this.store = store;
    this.each = each;
    byte[] noise = new byte[VALUE_BYTES];
    new Random(1).nextBytes(noise);
    this.value = Bytes.wrap(noise);
  }

  public static void main(String[] args) throws Exception {
    Path parent = Path.of(args.length > 0 ? args[0] : System.getProperty("java.io.tmpdir"));
    Duration each = Duration.ofSeconds(args.length > 1 ? Integer.parseInt(args[1]) : 3);
    Path directory = Files.createTempDirectory(parent, "nacelle-store-bench-");
    try {
      System.out.println(
          "machine: %d processors, load %s, commit %s"
              .formatted(
                  Runtime.getRuntime().availableProcessors(),
                  Files.readString(Path.of("/proc/loadavg")).strip(),
                  commit()));
      System.out.println(
          "%-34s %10s %8s %8s %8s".formatted("1 KB values", "per s", "p50 us", "p99 us", "max us"));
      bareSyncs(directory, each);
      try (RocksStore store = RocksStore.open(directory, RocksStoreOptions.defaults())) {
        new StoreBench(store, each).run();
      }
      long begin = System.nanoTime();
      RocksStore.open(directory, RocksStoreOptions.defaults()).close();
      System.out.println(
          "open and close again: %d ms".formatted((System.nanoTime() - begin) / 1_000_000));
    } finally {
      Trees.delete(directory);
    }
  }

  private static String commit() throws IOException, InterruptedException {
    Process git = new ProcessBuilder("git", "rev-parse", "--short", "HEAD").start();
    String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return git.waitFor() == 0 ? text.strip() : "unknown";
  }

  /** What the disk can do without any store: the peer of one caller. */
  private static void bareSyncs(Path directory, Duration each) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(VALUE_BYTES);
    Path file = directory.resolve("bare");
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Latencies latencies = new Latencies();
      long end = System.nanoTime() + each.toNanos();
      while (System.nanoTime() < end) {
        long begin = System.nanoTime();
        block.clear();
        while (block.hasRemaining()) {
          out.write(block);
        }
        out.force(false);
        latencies.add(System.nanoTime() - begin);
      }
      latencies.print("append + fdatasync, 1 thread", each);
    }
    Files.delete(file);
  }

  private void run() throws InterruptedException, IOException {
    for (int i = 0; i < READ_KEYS; i++) {
      CommitResult _ = store.commit(Transaction.put("/read/" + i, value));
    }
    for (int callers : new int[] {1, 16}) {
      measure("get, %d callers".formatted(callers), callers, this::get);
    }
    measure("warm-up of commits", 16, this::put);
    for (int callers : new int[] {1, 16, 64}) {
      measure("durable create, %d callers".formatted(callers), callers, this::put);
    }
    watchLatency();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS")) {
        System.out.println(line.replace("\t", " ") + " (the whole process)");
      }
    }
  }

  private interface Call {
    void run(int caller, long number);
  }

  private void put(int caller, long number) {
    CommitResult result =
        store.commit(
            Transaction.create("/bench/" + caller + "/" + number + "-" + System.nanoTime(), value));
    if (!(result instanceof CommitResult.Committed)) {
      throw new IllegalStateException("not committed: " + result);
    }
  }

  private void get(int caller, long number) {
    if (store.range(RangeRequest.key("/read/" + number % READ_KEYS)).entries().isEmpty()) {
      throw new IllegalStateException("a key is missing");
    }
  }

  private void measure(String title, int callers, Call call) throws InterruptedException {
    ConcurrentLinkedQueue<Latencies> all = new ConcurrentLinkedQueue<>();
    long end = System.nanoTime() + each.toNanos();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int c = 0; c < callers; c++) {
        int caller = c;
        threads.execute(
            () -> {
              Latencies latencies = new Latencies();
              for (long i = 0; System.nanoTime() < end; i++) {
                long begin = System.nanoTime();
                call.run(caller, i);
                latencies.add(System.nanoTime() - begin);
              }
              all.add(latencies);
            });
      }
    }
    Latencies.merge(all).print(title, each);
  }

  /** From the call of commit to the event in the hands of a reader, one at a time. */
  private void watchLatency() throws InterruptedException {
    Latencies committed = new Latencies();
    Latencies seen = new Latencies();
    AtomicLong acknowledged = new AtomicLong();
    try (StoreWatch watch = store.watch(WatchRequest.prefix("/watched/"))) {
      long end = System.nanoTime() + each.toNanos();
      while (System.nanoTime() < end) {
        long begin = System.nanoTime();
        Thread writer =
            Thread.startVirtualThread(
                () -> {
                  CommitResult _ = store.commit(Transaction.put("/watched/a", value));
                  acknowledged.set(System.nanoTime());
                });
        List<WatchEvent> events = watch.poll(Duration.ofSeconds(10)).events();
        long got = System.nanoTime();
        writer.join();
        if (events.size() != 1) {
          throw new IllegalStateException("expected one event, got " + events.size());
        }
        seen.add(got - begin);
        committed.add(acknowledged.get() - begin);
      }
    }
    committed.print("commit -> acknowledged, 1 caller", each);
    seen.print("commit -> seen by a watch", each);
  }

  /** A histogram of durations in nanoseconds, exact to 3 %, written by one thread. */
  private static final class Latencies {
    private static final int PARTS_BITS = 5;
    private static final int PARTS = 1 << PARTS_BITS;

    private final long[] buckets = new long[Long.SIZE * PARTS];
    private long count;
    private long max;

    void add(long duration) {
      buckets[bucket(duration)]++;
      count++;
      max = Math.max(max, duration);
    }

    /** The position of the highest bit, and the bits behind it. */
    private static int bucket(long duration) {
      if (duration < PARTS) {
        return (int) Math.max(0, duration);
      }
      int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(duration) - PARTS_BITS;
      return (shift + 1) * PARTS + (int) (duration >>> shift) - PARTS;
    }

    private static long lowerBound(int bucket) {
      int shift = bucket / PARTS - 1;
      return shift < 0 ? bucket : (long) (bucket % PARTS + PARTS) << shift;
    }

    static Latencies merge(Iterable<Latencies> parts) {
      Latencies whole = new Latencies();
      for (Latencies part : parts) {
        for (int i = 0; i < part.buckets.length; i++) {
          whole.buckets[i] += part.buckets[i];
        }
        whole.count += part.count;
        whole.max = Math.max(whole.max, part.max);
      }
      return whole;
    }

    void print(String title, Duration time) {
      System.out.println(
          "%-34s %10d %8.1f %8.1f %8.1f"
              .formatted(title, count * 1000 / time.toMillis(), at(0.5), at(0.99), max / 1000.0));
    }

    private double at(double quantile) {
      long rank = (long) (count * quantile);
      for (int i = 0; i < buckets.length; i++) {
        rank -= buckets[i];
        if (rank < 0) {
          return lowerBound(i) / 1000.0;
        }
      }
      return max / 1000.0;
    }
  }
}
