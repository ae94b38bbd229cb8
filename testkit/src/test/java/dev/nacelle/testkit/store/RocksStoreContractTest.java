package dev.nacelle.testkit.store;

import dev.nacelle.store.Store;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreContractTest extends StoreContract {
  /** So few that slow readers fall back to the disk. */
  private static final int WATCH_BUFFER_EVENTS = 16;

  @TempDir Path directory = Path.of("");

  @Override
  protected Store open(LongSupplier nanoTime) {
    return RocksStore.open(
        directory.resolve("store"),
        RocksStoreOptions.defaults().nanoTime(nanoTime).watchBufferEvents(WATCH_BUFFER_EVENTS));
  }
}
