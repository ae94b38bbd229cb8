package dev.nacelle.testkit.store;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A process that commits until it is killed and prints "key revision" for each acknowledgement. */
final class CrashWriter {
  private static final int THREADS = 8;

  private CrashWriter() {}

  public static void main(String[] args) {
    RocksStore store = RocksStore.open(Path.of(args[0]), RocksStoreOptions.defaults());
    String round = args[1];
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int t = 0; t < THREADS; t++) {
        String name = "/t/" + round + "/" + t;
        threads.execute(() -> write(store, name, System.out));
      }
    }
  }

  private static void write(RocksStore store, String name, PrintStream acknowledgements) {
    Bytes value = Bytes.utf8("x".repeat(1000));
    for (int i = 0; ; i++) {
      Transaction transaction =
          Transaction.builder()
              .ifAbsent(name + "/" + i)
              .put(name + "/" + i, value)
              .put("/t/last" + name.substring(2), Bytes.utf8(Integer.toString(i)))
              .build();
      if (!(store.commit(transaction) instanceof CommitResult.Committed(long revision))) {
        throw new IllegalStateException("not committed: " + name + "/" + i);
      }
      acknowledgements.println(name + "/" + i + " " + revision);
    }
  }
}
