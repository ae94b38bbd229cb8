package dev.nacelle.image;

import dev.nacelle.base.files.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows when a layer has become whole: its bytes go to the disk, and only then is it said to
 * be whole. One after another, on a thread of its own.
 */
final class Settling implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Settling.class);
  private static final int PATIENCE_SECONDS = 10;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("nacelle-settle").factory());

  /** What may fail, and is done again by the next process then. */
  @FunctionalInterface
  interface Work {
    void run() throws IOException, InterruptedException;
  }

  void begin(Work work) {
    try {
      thread.execute(() -> run(work));
    } catch (java.util.concurrent.RejectedExecutionException e) {
      LOG.debug("the store is closing: the next process does it", e);
    }
  }

  private static void run(Work work) {
    try {
      work.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.warn("a layer that is whole is still treated as one that is not", e);
    }
  }

  /** Says, durably, that a layer's data is whole, when all of the layer is durable. */
  static void record(Path directory) throws IOException {
    DurableFiles.delete(directory.resolve(LazyLayers.ORIGIN));
    Files.deleteIfExists(directory.resolve("present.map"));
    Files.deleteIfExists(directory.resolve("present.boot"));
  }

  @Override
  public void close() {
    thread.shutdownNow();
    try {
      thread.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
