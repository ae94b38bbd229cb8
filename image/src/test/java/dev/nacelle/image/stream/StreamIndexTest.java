package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The index is what it says it is, or it is refused. */
final class StreamIndexTest {
  private static final int DIFF_ID = 16;
  private static final int DATA_SIZE = 48;
  private static final int ROOT = 56;
  private static final int BLOB_SIZE = 88;
  private static final int METADATA_SIZE = 96;
  private static final int METADATA_STORED = 104;
  private static final int COUNT = 176;
  private static final int LENGTHS = 180;

  /** With random lengths and hashes: what a chunk holds does not matter to the index. */
  private static StreamIndex index(long seed, int chunks, int lastBlocks) {
    var random = new Random(seed);
    byte[] diffId = new byte[32];
    random.nextBytes(diffId);
    long size = (chunks - 1L) * VerityTree.CHUNK_BYTES + lastBlocks * 4096L;
    var tree = new VerityTree(Bytes.wrap(diffId), size);
    int[] lengths = new int[chunks];
    byte[] hashes = new byte[chunks * 32];
    random.nextBytes(hashes);
    for (int n = 0; n < chunks; n++) {
      lengths[n] = random.nextInt(tree.chunkBytes(n) + 1);
      if (n % 5 == 4) {
        lengths[n] = 0;
        byte[] zeros = tree.chunkHash(n, new byte[VerityTree.CHUNK_BYTES]);
        System.arraycopy(zeros, 0, hashes, n * 32, 32);
      } else if (lengths[n] == 0) {
        lengths[n] = 1;
      }
    }
    var metadata = new StreamIndex.Metadata(8192, 100, Bytes.wrap(diffId), Bytes.wrap(diffId));
    return new StreamIndex(Bytes.wrap(diffId), size, lengths, hashes, metadata);
  }

  @Property(tries = 60)
  void anIndexComesBackAsItWas(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 300) int chunks,
      @ForAll @IntRange(min = 1, max = 128) int lastBlocks)
      throws Exception {
    StreamIndex index = index(seed, chunks, lastBlocks);
    StreamIndex back = StreamIndex.parse(index.toBytes());
    assertThat(back.toBytes()).isEqualTo(index.toBytes());
    assertThat(back.diffId()).isEqualTo(index.diffId());
    assertThat(back.root()).isEqualTo(index.root());
    assertThat(back.metadata()).isEqualTo(index.metadata());
    long end = 0;
    for (int n = 0; n < chunks; n++) {
      assertThat(back.offset(n)).isEqualTo(end);
      assertThat(back.hash(n)).isEqualTo(index.hash(n));
      end += back.storedBytes(n);
    }
    assertThat(back.storedBytes()).isEqualTo(end);
  }

  @Property(tries = 300)
  void anyChangedBitIsNoticed(@ForAll long seed, @ForAll @IntRange(min = 0) int bit) {
    byte[] bytes = index(seed, 9, 3).toBytes().toByteArray();
    int at = bit % (bytes.length * 8);
    bytes[at / 8] ^= (byte) (1 << at % 8);
    assertRefused(bytes);
  }

  @Property(tries = 300)
  void aSealedForgeryIsEitherRefusedOrConsistent(
      @ForAll long seed,
      @ForAll @IntRange(min = 12, max = 500) int at,
      @ForAll @Size(min = 1, max = 8) byte[] forged)
      throws Exception {
    byte[] bytes = index(seed, 9, 3).toBytes().toByteArray();
    System.arraycopy(forged, 0, bytes, at, Math.min(forged.length, bytes.length - 32 - at));
    Bytes sealed = Bytes.wrap(seal(bytes));
    try {
      StreamIndex read = StreamIndex.parse(sealed);
      assertThat(read.toBytes()).isEqualTo(sealed); // nothing was passed over
      assertThat(read.tree().root(read.hashes())).isEqualTo(read.root());
    } catch (StreamFormatException e) {
      assertThat(e).hasMessageStartingWith("cannot read stream index: ");
    }
  }

  @Property(tries = 500)
  void noiseIsRefused(@ForAll @Size(max = 2000) byte[] noise) {
    assertRefused(noise);
  }

  @Property(tries = 200)
  void aSizeOutOfBoundsIsRefused(@ForAll @LongRange(min = Long.MIN_VALUE) long size) {
    long image = index(1, 9, 3).metadata().sizeBytes();
    long mostStored = image + image / 128 + 4096;
    for (int field : new int[] {DATA_SIZE, BLOB_SIZE, METADATA_SIZE, METADATA_STORED}) {
      byte[] bytes = index(1, 9, 3).toBytes().toByteArray();
      ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      boolean fine = field == METADATA_STORED && size > 0 && size <= mostStored;
      fine |= field == METADATA_SIZE && size > 0 && size % 4096 == 0 && size <= 1 << 30;
      if (view.getLong(field) != size && !fine) {
        view.putLong(field, size);
        assertRefused(seal(bytes));
      }
    }
  }

  @Test
  void hashesThatDoNotGiveTheRootAreRefused() {
    for (int at : new int[] {ROOT, DIFF_ID, LENGTHS + 9 * 4, LENGTHS + 9 * 4 + 9 * 32 - 1}) {
      byte[] bytes = index(2, 9, 3).toBytes().toByteArray();
      bytes[at] ^= 1;
      assertRefused(seal(bytes));
    }
  }

  @Test
  void lengthsThatCannotBeAreRefused() {
    for (int length : new int[] {-1, VerityTree.CHUNK_BYTES + 1, Integer.MIN_VALUE, 0}) {
      byte[] bytes = index(3, 9, 3).toBytes().toByteArray();
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(LENGTHS, length);
      assertRefused(seal(bytes));
    }
  }

  @Test
  void anotherNumberOfChunksIsRefused() {
    for (int count : new int[] {0, -1, 8, 10, Integer.MAX_VALUE}) {
      byte[] bytes = index(4, 9, 3).toBytes().toByteArray();
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(COUNT, count);
      assertRefused(seal(bytes));
    }
  }

  @Test
  void aLaterVersionSaysSo() {
    byte[] bytes = index(5, 9, 3).toBytes().toByteArray();
    bytes[8] = 2;
    assertThatThrownBy(() -> StreamIndex.parse(Bytes.wrap(seal(bytes))))
        .hasMessageContaining("version 2");
  }

  @Test
  void aChunkWithoutBytesThatIsNotZerosIsRefused() {
    StreamIndex index = index(6, 9, 3);
    byte[] hashes = index.hashes().clone();
    hashes[4 * 32] ^= 1;
    int[] lengths = new int[9];
    for (int n = 0; n < 9; n++) {
      lengths[n] = index.storedBytes(n);
    }
    assertThatThrownBy(
            () ->
                new StreamIndex(index.salt(), index.dataBytes(), lengths, hashes, index.metadata()))
        .hasMessageContaining("chunk 4");
  }

  /** Puts the right sha256 at the end. */
  private static byte[] seal(byte[] bytes) {
    var digest = Sha256.newDigest();
    digest.update(bytes, 0, bytes.length - 32);
    byte[] result = Arrays.copyOf(bytes, bytes.length);
    System.arraycopy(digest.digest(), 0, result, bytes.length - 32, 32);
    return result;
  }

  private static void assertRefused(byte[] bytes) {
    assertThatThrownBy(() -> StreamIndex.parse(Bytes.wrap(bytes)))
        .isInstanceOf(StreamFormatException.class)
        .hasMessageStartingWith("cannot read stream index: ");
  }
}
