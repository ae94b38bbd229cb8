package dev.nacelle.store.rocks;

import java.util.ArrayList;
import java.util.List;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.WALRecoveryMode;

/**
 * The engine's settings: small memory, a short start, and a log that may only be torn at its end.
 */
final class Tuning {
  private static final int CACHE_SHARD_BITS = 2;
  private static final int BLOCK_BYTES = 8 << 10;
  private static final int BLOOM_BITS_PER_KEY = 10;
  private static final long ARENA_BYTES = 256 << 10;
  private static final long INFO_LOG_BYTES = 1 << 20;

  private Tuning() {}

  static DBOptions dbOptions(RocksStoreOptions options, List<AbstractNativeReference> owned) {
    DBOptions db =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            // a torn end can only be commits nobody was told of; anything else is damage
            .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
            .setDbWriteBufferSize(options.writeBufferBytes())
            .setMaxTotalWalSize(2 * options.writeBufferBytes())
            .setAvoidFlushDuringRecovery(true)
            .setSkipStatsUpdateOnDbOpen(true)
            .setMaxBackgroundJobs(2)
            .setMaxOpenFiles(256)
            .setBytesPerSync(1 << 20)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setMaxLogFileSize(INFO_LOG_BYTES)
            .setKeepLogFileNum(2)
            .setStatsDumpPeriodSec(0)
            .setStatsPersistPeriodSec(0);
    owned.add(db);
    return db;
  }

  static List<ColumnFamilyDescriptor> families(
      RocksStoreOptions options, List<AbstractNativeReference> owned) {
    Cache cache = new LRUCache(options.blockCacheBytes(), CACHE_SHARD_BITS);
    owned.add(cache);
    BloomFilter bloom = new BloomFilter(BLOOM_BITS_PER_KEY);
    owned.add(bloom);
    BlockBasedTableConfig tables =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setCacheIndexAndFilterBlocks(true)
            .setPinL0FilterAndIndexBlocksInCache(true)
            .setBlockSize(BLOCK_BYTES)
            .setFilterPolicy(bloom)
            .setFormatVersion(5);
    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    for (Family family : Family.values()) {
      ColumnFamilyOptions each =
          new ColumnFamilyOptions()
              .setWriteBufferSize(Math.max(1 << 20, options.writeBufferBytes() / 2))
              .setArenaBlockSize(ARENA_BYTES)
              .setCompressionType(CompressionType.LZ4_COMPRESSION)
              .setTableFormatConfig(tables);
      owned.add(each);
      families.add(new ColumnFamilyDescriptor(family.title(), each));
    }
    return families;
  }
}
