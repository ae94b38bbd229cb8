package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A start pack is what it says it is, or it is refused, and its chunks come one by one. */
final class StartPackTest {
  private static Optional<Bytes> made = Optional.empty();

  /** Of two layers, some of whose chunks are needed. */
  private static synchronized Bytes pack() {
    if (made.isEmpty()) {
      try {
        made = Optional.of(make());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return made.get();
  }

  private static Bytes make() throws IOException, InterruptedException {
    Path own = Files.createTempDirectory("start-pack");
    try {
      SampleStream sample = SampleStream.make(own, 9);
      var layer = StartPackWriter.Layer.of(sample.form());
      Path file = own.resolve("pack");
      var packed =
          StartPackWriter.write(List.of(layer), trace(sample.index(), 7, 1, 2, 3), file)
              .orElseThrow();
      assertThat(packed.blob().sizeBytes()).isEqualTo(Files.size(file));
      return Bytes.wrap(Files.readAllBytes(file));
    } finally {
      dev.nacelle.base.files.Trees.delete(own);
    }
  }

  static AccessTrace trace(StreamIndex index, int... chunks) {
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int chunk : chunks) {
      accesses.add(new AccessTrace.Access(0, chunk, accesses.size()));
    }
    return new AccessTrace(List.of(AccessTrace.Layer.of(index)), accesses);
  }

  private static int headBytes() {
    return ByteBuffer.wrap(pack().unsafeArray()).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt(12);
  }

  private static PartedBlob arriving(byte[] content) {
    return PartedBlob.open(
        (offset, length) -> new ByteArrayInputStream(content, (int) offset, length),
        content.length);
  }

  @Test
  void aPackComesBackAsItWasAndItsChunksInTheOrderOfTheTrace() throws Exception {
    try (var in = arriving(pack().unsafeArray())) {
      StartPack pack = StartPack.read(in);
      assertThat(pack.toBytes().unsafeArray())
          .isEqualTo(Arrays.copyOf(pack().unsafeArray(), headBytes()));
      assertThat(pack.steps())
          .containsExactly(
              new PrefetchPlan.Step(0, new ChunkRange(7, 1)),
              new PrefetchPlan.Step(0, new ChunkRange(1, 1)),
              new PrefetchPlan.Step(0, new ChunkRange(2, 1)),
              new PrefetchPlan.Step(0, new ChunkRange(3, 1)));
      var chunks = new PackedChunks(pack, in);
      chunks.readAll();
      StreamIndex index = pack.layers().getFirst().index();
      byte[] plain = new byte[VerityTree.CHUNK_BYTES];
      for (int n : new int[] {1, 2, 3, 7}) {
        List<ByteBuffer> stored = chunks.take(0, new ChunkRange(n, 1)).orElseThrow();
        StoredChunk.open(index, n, stored.getFirst(), plain);
        assertThat(chunks.take(0, new ChunkRange(n, 1)).isPresent())
            .as("chunk %d again", n)
            .isEqualTo(index.storedBytes(n) == 0); // zeros are always at hand
      }
      assertThat(chunks.take(0, new ChunkRange(4, 1))).isEmpty();
    }
  }

  @Test
  void aRangeThatAPackHasInPartIsAskedForOnlyWhereThatLacksIt() throws Exception {
    try (var in = arriving(pack().unsafeArray())) {
      StartPack pack = StartPack.read(in);
      StreamIndex index = pack.layers().getFirst().index();
      var asked = new ConcurrentLinkedQueue<ChunkRange>();
      var registry =
          new ScriptedSource(
              "registry",
              range -> {
                asked.add(range);
                return java.util.Collections.nCopies(range.count(), ByteBuffer.allocate(1));
              });
      var source = new PackedChunkSource(new PackedChunks(pack, in), 0, registry);
      List<ByteBuffer> got = source.fetch(new ChunkRange(0, 7)); // 1, 2 and 3 are packed
      assertThat(got)
          .extracting(ByteBuffer::remaining)
          .containsExactly(
              1, index.storedBytes(1), index.storedBytes(2), index.storedBytes(3), 1, 1, 1);
      assertThat(asked).containsExactly(new ChunkRange(0, 1), new ChunkRange(4, 3));
    }
  }

  @Test
  void whatACutOffPackDoesNotHaveIsNotAwaited() throws Exception {
    byte[] cut = Arrays.copyOf(pack().unsafeArray(), pack().sizeBytes() - 10);
    try (var in = arriving(cut)) {
      var chunks = new PackedChunks(StartPack.read(in), in);
      chunks.readAll();
      assertThat(chunks.take(0, new ChunkRange(7, 1))).isPresent();
      assertThat(chunks.take(0, new ChunkRange(1, 3))).isEmpty();
    }
  }

  @Property(tries = 200)
  void anyChangedBitOfTheHeadIsNoticed(@ForAll @IntRange(min = 0) int bit) {
    byte[] bytes = pack().toByteArray();
    int at = bit % (headBytes() * 8);
    bytes[at / 8] ^= (byte) (1 << at % 8);
    assertThatThrownBy(() -> StartPack.read(new ByteArrayInputStream(bytes)))
        .isInstanceOf(IOException.class);
  }

  @Property(tries = 500)
  void aSealedForgeryIsEitherRefusedOrConsistent(
      @ForAll @IntRange(min = 16, max = 600) int at, @ForAll @Size(min = 1, max = 12) byte[] forged)
      throws Exception {
    int head = headBytes();
    byte[] bytes = pack().toByteArray();
    int from = Math.min(at, head - 33);
    System.arraycopy(forged, 0, bytes, from, Math.min(forged.length, head - 32 - from));
    var digest = Sha256.newDigest();
    digest.update(bytes, 0, head - 32);
    System.arraycopy(digest.digest(), 0, bytes, head - 32, 32);
    try {
      StartPack read = StartPack.read(new ByteArrayInputStream(bytes));
      assertThat(read.toBytes().unsafeArray()).isEqualTo(Arrays.copyOf(bytes, head));
    } catch (StreamFormatException e) {
      assertThat(e).hasMessageStartingWith("cannot read ");
    }
  }

  @Property(tries = 300)
  void noiseIsRefused(@ForAll @Size(max = 500) byte[] noise) {
    assertThatThrownBy(() -> StartPack.read(new ByteArrayInputStream(noise)))
        .isInstanceOf(StreamFormatException.class);
  }

  @Test
  void whatHasArrivedOfAPartIsReadBeforeTheRestOfIt() throws Exception {
    try (var rest = new PipedInputStream();
        var sender = new PipedOutputStream(rest);
        var blob = PartedBlob.open((offset, length) -> rest, 100)) {
      byte[] sent = new byte[10];
      sent[9] = 7;
      sender.write(sent);
      sender.flush();
      ByteBuffer first = blob.take(10);
      assertThat(first.get(9)).isEqualTo((byte) 7);
      sender.write(new byte[90]);
      sender.flush();
      assertThat(blob.take(90).remaining()).isEqualTo(90);
      assertThat(blob.left()).isZero();
      assertThatThrownBy(() -> blob.take(1)).isInstanceOf(java.io.EOFException.class);
    }
  }

  @Test
  void behindItsFirstPartTheBeginningOfABlobIsFetchedByManyRequestsAtOnce() throws Exception {
    byte[] content = new byte[3 * PartedBlob.PART_BYTES + 5];
    new java.util.Random(3).nextBytes(content);
    var others = new CountDownLatch(3);
    var asked = new ConcurrentLinkedQueue<Long>();
    PartedBlob.Ranges ranges =
        (offset, length) -> {
          asked.add(offset);
          if (offset > 0) {
            others.countDown();
            others.await();
          }
          return new ByteArrayInputStream(content, (int) offset, length);
        };
    try (var blob = PartedBlob.open(ranges, content.length)) {
      byte[] head = blob.readNBytes(100);
      assertThat(asked).as("asked for with the head").hasSize(1);
      ByteBuffer acrossParts = blob.take(PartedBlob.PART_BYTES);
      byte[] rest = blob.readAllBytes();
      assertThat(ByteBuffer.allocate(content.length).put(head).put(acrossParts).put(rest).array())
          .isEqualTo(content);
    }
    assertThat(asked).hasSize(4);
  }

  @Test
  void aPartThatCannotBeHadIsAnError() {
    PartedBlob.Ranges ranges =
        (offset, length) -> {
          if (offset > 0) {
            throw new IOException("gone away");
          }
          return new ByteArrayInputStream(new byte[length]);
        };
    try (var blob = PartedBlob.open(ranges, 2L * PartedBlob.PART_BYTES)) {
      assertThatThrownBy(blob::readAllBytes).hasMessageContaining("gone away");
    }
  }
}
