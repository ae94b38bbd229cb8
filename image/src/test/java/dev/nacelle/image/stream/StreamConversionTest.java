package dev.nacelle.image.stream;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a layer to its streaming form and back. */
final class StreamConversionTest {
  private static final int CHUNKS = 14;

  @TempDir Path directory;

  @Test
  void theSameLayerGivesTheSameBytesAtAnyParallelism() throws Exception {
    SampleStream one = SampleStream.make(directory, CHUNKS, 1);
    for (int parallelism : new int[] {2, 7}) {
      SampleStream other = SampleStream.make(directory, CHUNKS, parallelism);
      for (var pair : List.of(blobs(one.form()), blobs(other.form()))) {
        for (StoredBlob blob : pair) {
          byte[] bytes = Files.readAllBytes(blob.file());
          assertThat(blob.digest()).isEqualTo(Sha256.of(Bytes.wrap(bytes)));
          assertThat(blob.sizeBytes()).isEqualTo(bytes.length);
        }
      }
      assertThat(digests(other.form())).isEqualTo(digests(one.form()));
      assertThat(other.index().root()).isEqualTo(one.index().root());
    }
  }

  @Test
  void aLayerThatIsStillBeingWrittenGivesTheSameForm() throws Exception {
    SampleStream sample =
        SampleStream.make(Files.createDirectory(directory.resolve("whole")), CHUNKS);
    Path work = Files.createDirectory(directory.resolve("growing"));
    Path metadata = work.resolve("metadata");
    Path data = work.resolve("data");
    var arrival = new DataArrival();
    var form =
        new FutureTask<>(
            () ->
                new StreamConversion(2)
                    .convert(SampleStream.DIFF_ID, metadata, data, work, arrival, done -> {}));
    Thread.ofVirtual().start(form);
    try (var out = FileChannel.open(data, CREATE_NEW, WRITE)) {
      for (int n = 0; n < CHUNKS; n++) {
        byte[] chunk = sample.chunk(n).toByteArray();
        boolean isHole = sample.index().encoding(n) == StreamIndex.Encoding.ZEROS;
        if (!isHole || n == CHUNKS - 1) {
          out.write(ByteBuffer.wrap(chunk), (long) n * VerityTree.CHUNK_BYTES);
        }
        arrival.reached((long) n * VerityTree.CHUNK_BYTES + chunk.length);
      }
    }
    Files.write(metadata, sample.metadata());
    arrival.ended();
    assertThat(digests(form.get())).isEqualTo(digests(sample.form()));
  }

  private static List<StoredBlob> blobs(StreamForm form) {
    return List.of(form.indexBlob(), form.metadataBlob(), form.chunkBlob());
  }

  private static List<String> digests(StreamForm form) {
    return blobs(form).stream().map(StoredBlob::digest).toList();
  }

  @Test
  void everyChunkIsStoredInTheSmallestWayAndComesBack() throws Exception {
    SampleStream sample = SampleStream.make(directory, CHUNKS);
    StreamIndex index = sample.index();
    byte[] plain = new byte[VerityTree.CHUNK_BYTES];
    var source = new FileChunkSource(index, sample.form().chunkBlob().file());
    {
      List<ByteBuffer> all = source.fetch(new ChunkRange(0, CHUNKS));
      for (int n = 0; n < CHUNKS; n++) {
        StreamIndex.Encoding expected =
            switch (n % 3) {
              case 0 -> StreamIndex.Encoding.ZSTD;
              case 1 -> StreamIndex.Encoding.RAW;
              default -> StreamIndex.Encoding.ZEROS;
            };
        assertThat(index.encoding(n)).as("chunk " + n).isEqualTo(expected);
        StoredChunk.open(index, n, all.get(n), plain);
        byte[] got = Arrays.copyOf(plain, index.chunkBytes(n));
        assertThat(Bytes.wrap(got)).as("chunk " + n).isEqualTo(sample.chunk(n));
      }
      assertThat(source.fetch(new ChunkRange(4, 2)).getFirst()).isEqualTo(all.get(4));
    }
  }

  @Test
  void wrongStoredBytesAreNeverOpened() throws Exception {
    SampleStream sample = SampleStream.make(directory, CHUNKS);
    StreamIndex index = sample.index();
    byte[] plain = new byte[VerityTree.CHUNK_BYTES];
    var source = new FileChunkSource(index, sample.form().chunkBlob().file());
    {
      for (int n : new int[] {0, 1, 3}) {
        ByteBuffer stored = source.fetch(new ChunkRange(n, 1)).getFirst();
        for (int at : new int[] {0, 5, stored.limit() / 2, stored.limit() - 1}) {
          stored.put(at, (byte) (stored.get(at) ^ 0x10));
          assertThatThrownBy(() -> StoredChunk.open(index, n, stored, plain))
              .as("chunk %d, byte %d", n, at)
              .isInstanceOf(java.io.IOException.class)
              .hasMessageContaining("chunk " + n);
          stored.put(at, (byte) (stored.get(at) ^ 0x10));
        }
        ByteBuffer shorter = stored.slice(0, stored.limit() - 1);
        assertThatThrownBy(() -> StoredChunk.open(index, n, shorter, plain))
            .hasMessageContaining("in place of");
        StoredChunk.open(index, n, stored, plain);
      }
    }
  }

  @Test
  void metadataComesBackOrNotAtAll() throws Exception {
    SampleStream sample = SampleStream.make(directory, CHUNKS);
    byte[] stored = Files.readAllBytes(sample.form().metadataBlob().file());
    Path image = directory.resolve("image");
    MetadataBlob.unpack(sample.index(), new ByteArrayInputStream(stored), image);
    assertThat(Files.readAllBytes(image)).isEqualTo(sample.metadata());
    Files.delete(image);
    byte[] longer = packed(new byte[sample.metadata().length + 1]);
    byte[] zeros = packed(new byte[sample.metadata().length]);
    for (byte[] wrong :
        List.of(Arrays.copyOf(stored, stored.length - 9), longer, zeros, new byte[99])) {
      assertThatThrownBy(
              () -> MetadataBlob.unpack(sample.index(), new ByteArrayInputStream(wrong), image))
          .isInstanceOf(java.io.IOException.class);
      assertThat(image).doesNotExist();
    }
  }

  private static byte[] packed(byte[] plain) {
    return com.github.luben.zstd.Zstd.compress(plain);
  }

  @Test
  void anIndexIsSmall() throws Exception {
    SampleStream sample = SampleStream.make(directory, CHUNKS);
    assertThat(sample.form().indexBlob().sizeBytes()).isLessThan(300 + CHUNKS * 36);
    assertThat(StreamIndexFormat.MAX_BYTES).isLessThan(19 << 20);
  }
}
