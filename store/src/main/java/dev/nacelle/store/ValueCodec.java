package dev.nacelle.store;

import dev.nacelle.base.bytes.Bytes;

/**
 * How values lie at rest: below the seam, so that readers and watchers see plain bytes. Called by
 * many threads at once. The key is at hand so that only some prefixes are changed and so that a
 * value cannot be moved under another key unnoticed.
 */
public interface ValueCodec {
  /** Values lie as they are. */
  ValueCodec PLAIN =
      new ValueCodec() {
        @Override
        public Bytes encode(String key, Bytes plain) {
          return plain;
        }

        @Override
        public Bytes decode(String key, Bytes stored) {
          return stored;
        }
      };

  Bytes encode(String key, Bytes plain);

  /**
   * The reverse of {@link #encode}.
   *
   * @throws StoreException if the bytes cannot be read back: a missing key, or damage
   */
  Bytes decode(String key, Bytes stored);
}
