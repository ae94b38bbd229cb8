package dev.nacelle.store.rocks;

import dev.nacelle.store.ValueCodec;
import java.util.function.LongSupplier;

/**
 * How a {@link RocksStore} uses memory and time.
 *
 * @param blockCacheBytes for all read blocks, indexes and filters
 * @param writeBufferBytes for all memory tables together
 * @param watchBufferEvents how many events wait in memory for one slow watch, before it reads them
 *     back from disk
 * @param codec how values lie at rest
 * @param nanoTime monotonic nanoseconds, for leases
 */
public record RocksStoreOptions(
    long blockCacheBytes,
    long writeBufferBytes,
    int watchBufferEvents,
    ValueCodec codec,
    LongSupplier nanoTime) {
  private static final long MIB = 1 << 20;

  public RocksStoreOptions {
    if (blockCacheBytes < MIB || writeBufferBytes < MIB || watchBufferEvents < 1) {
      throw new IllegalArgumentException(
          "cannot open a store: block cache and write buffer need 1 MiB, a watch one event");
    }
  }

  /** 16 MiB of block cache, 16 MiB of write buffers, 1,024 events, plain values. */
  public static RocksStoreOptions defaults() {
    return new RocksStoreOptions(16 * MIB, 16 * MIB, 1024, ValueCodec.PLAIN, System::nanoTime);
  }

  public RocksStoreOptions codec(ValueCodec codec) {
    return new RocksStoreOptions(
        blockCacheBytes, writeBufferBytes, watchBufferEvents, codec, nanoTime);
  }

  public RocksStoreOptions nanoTime(LongSupplier nanoTime) {
    return new RocksStoreOptions(
        blockCacheBytes, writeBufferBytes, watchBufferEvents, codec, nanoTime);
  }

  public RocksStoreOptions memory(long blockCacheBytes, long writeBufferBytes) {
    return new RocksStoreOptions(
        blockCacheBytes, writeBufferBytes, watchBufferEvents, codec, nanoTime);
  }

  public RocksStoreOptions watchBufferEvents(int watchBufferEvents) {
    return new RocksStoreOptions(
        blockCacheBytes, writeBufferBytes, watchBufferEvents, codec, nanoTime);
  }
}
