package dev.nacelle.store.rocks;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.Entry;
import dev.nacelle.store.ValueCodec;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** One version of a key as it lies on disk; the value is encoded. */
record Version(
    String key, long createRevision, long modRevision, long version, long lease, Bytes stored) {
  private static final int HEADER_BYTES = 4 * Long.BYTES;

  byte[] toBytes() {
    byte[] bytes = new byte[HEADER_BYTES + stored.sizeBytes()];
    ByteBuffer.wrap(bytes)
        .putLong(createRevision)
        .putLong(modRevision)
        .putLong(version)
        .putLong(lease)
        .put(stored.unsafeArray());
    return bytes;
  }

  static Version parse(String key, byte[] bytes) {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    return new Version(
        key,
        header.getLong(),
        header.getLong(),
        header.getLong(),
        header.getLong(),
        Bytes.wrap(Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length)));
  }

  /** The same without its value; saves the copy. */
  static Version parseHeader(String key, byte[] bytes) {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    return new Version(
        key, header.getLong(), header.getLong(), header.getLong(), header.getLong(), Bytes.EMPTY);
  }

  Entry plain(ValueCodec codec) {
    return entry(codec.decode(key, stored));
  }

  Entry keyOnly() {
    return entry(Bytes.EMPTY);
  }

  private Entry entry(Bytes value) {
    return new Entry(key, value, createRevision, modRevision, version, lease);
  }
}
