package dev.nacelle.store.rocks;

import java.nio.charset.StandardCharsets;

/** The column families of the data base. The ordinals are the order in which they are opened. */
enum Family {
  /** The counters: see {@link Layout}. RocksDB demands a family of this name. */
  META("default"),
  /** key -> the current version. */
  LIVE("live"),
  /** key, NUL, revision descending -> a version that was replaced; empty for a deletion. */
  PAST("past"),
  /** revision -> what its commit changed. */
  FEED("feed"),
  /** lease -> time to live; lease, key -> nothing: the key is attached. */
  LEASE("lease");

  private final String title;

  Family(String title) {
    this.title = title;
  }

  byte[] title() {
    return title.getBytes(StandardCharsets.US_ASCII);
  }
}
