package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The bytes of a {@link StreamIndex}, little endian: the magic, the version, the size of a chunk,
 * the diff id, size and root hash of the data, size of the blob, sizes, sha256 and root hash of the
 * metadata, the number of chunks; then four bytes a chunk, its stored length; then 32 bytes a
 * chunk, its hash; then the sha256 of all before. Offsets are the sums of the lengths, so chunks
 * can neither overlap nor leave gaps.
 */
final class StreamIndexFormat {
  private static final byte[] MAGIC = "NACSTREM".getBytes(StandardCharsets.US_ASCII);
  private static final int HASH = VerityTree.HASH_BYTES;
  private static final int HEAD_BYTES = 8 + 4 + 4 + HASH + 8 + HASH + 8 + 8 + 8 + HASH + HASH + 4;
  private static final int BYTES_PER_CHUNK = 4 + HASH;

  /** No index is longer: 18.9 MB for 256 GiB. */
  static final int MAX_BYTES =
      HEAD_BYTES
          + (int) (StreamIndex.MAX_DATA_BYTES / VerityTree.CHUNK_BYTES) * BYTES_PER_CHUNK
          + HASH;

  private StreamIndexFormat() {}

  static Bytes write(StreamIndex index) {
    int size = HEAD_BYTES + index.chunks() * BYTES_PER_CHUNK + HASH;
    var out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    StreamIndex.Metadata metadata = index.metadata();
    out.put(MAGIC).putInt(StreamIndex.FORMAT_VERSION).putInt(VerityTree.CHUNK_BYTES);
    out.put(index.salt().unsafeArray()).putLong(index.dataBytes());
    out.put(index.root().unsafeArray()).putLong(index.storedBytes());
    out.putLong(metadata.sizeBytes()).putLong(metadata.storedBytes());
    out.put(metadata.sha256().unsafeArray()).put(metadata.root().unsafeArray());
    out.putInt(index.chunks());
    for (int n = 0; n < index.chunks(); n++) {
      out.putInt(index.storedBytes(n));
    }
    out.put(index.hashes());
    out.put(digest(out.array(), out.position()));
    return Bytes.wrap(out.array());
  }

  private static byte[] digest(byte[] bytes, int length) {
    MessageDigest digest = Sha256.newDigest();
    digest.update(bytes, 0, length);
    return digest.digest();
  }

  static StreamIndex parse(Bytes bytes) throws StreamFormatException {
    int size = bytes.sizeBytes();
    require(
        size >= HEAD_BYTES + BYTES_PER_CHUNK + HASH && size <= MAX_BYTES, "its size is " + size);
    var in = ByteBuffer.wrap(bytes.unsafeArray()).order(ByteOrder.LITTLE_ENDIAN);
    require(Arrays.equals(take(in, MAGIC.length), MAGIC), "it is something else");
    int version = in.getInt();
    require(
        version == StreamIndex.FORMAT_VERSION,
        "its format is version " + version + ", this program reads " + StreamIndex.FORMAT_VERSION);
    byte[] seal = Arrays.copyOfRange(bytes.unsafeArray(), size - HASH, size);
    require(Arrays.equals(digest(bytes.unsafeArray(), size - HASH), seal), "it is damaged");
    int chunkBytes = in.getInt();
    require(chunkBytes == VerityTree.CHUNK_BYTES, "its chunks have " + chunkBytes + " bytes");
    try {
      return parseSealed(in, size);
    } catch (IllegalArgumentException e) {
      throw new StreamFormatException("cannot read stream index: " + e.getMessage());
    }
  }

  private static StreamIndex parseSealed(ByteBuffer in, int size) throws StreamFormatException {
    Bytes diffId = hash(in);
    long dataBytes = in.getLong();
    Bytes root = hash(in);
    long storedBytes = in.getLong();
    var metadata = new StreamIndex.Metadata(in.getLong(), in.getLong(), hash(in), hash(in));
    int chunks = in.getInt();
    require(
        chunks > 0 && HEAD_BYTES + (long) chunks * BYTES_PER_CHUNK + HASH == size,
        "it has not the size of one with " + chunks + " chunks");
    int[] lengths = new int[chunks];
    for (int n = 0; n < chunks; n++) {
      lengths[n] = in.getInt();
    }
    var index = new StreamIndex(diffId, dataBytes, lengths, take(in, chunks * HASH), metadata);
    require(index.storedBytes() == storedBytes, "its chunks do not add up to its blob");
    require(index.root().equals(root), "its hashes do not give its root hash");
    return index;
  }

  private static Bytes hash(ByteBuffer in) {
    return Bytes.wrap(take(in, HASH));
  }

  private static byte[] take(ByteBuffer in, int count) {
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  private static void require(boolean holds, String otherwise) throws StreamFormatException {
    if (!holds) {
      throw new StreamFormatException("cannot read stream index: " + otherwise);
    }
  }
}
