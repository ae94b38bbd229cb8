package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract with the keeper: what lies where. */
final class PresentMapTest {
  @TempDir Path directory;

  @Test
  void chunkNIsBitNOfTheLittleEndianWords() throws Exception {
    int chunks = 40_000;
    Path file = Files.write(directory.resolve("map"), new byte[(int) PresentMap.sizeBytes(chunks)]);
    PresentMap map = PresentMap.open(file, (long) chunks * VerityTree.CHUNK_BYTES);
    for (int chunk : List.of(0, 1, 31, 32, 63, 64, 1000, 32_768, chunks - 1)) {
      assertThat(map.has(chunk)).isFalse();
      map.set(chunk);
      assertThat(map.has(chunk)).isTrue();
      var words = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int word = words.getInt((chunk >> 5) * 4);
      assertThat(word & 1 << (chunk & 31)).as("chunk " + chunk).isNotZero();
    }
    assertThat(map.present().cardinality()).isEqualTo(9);
    assertThat(PresentMap.open(file, (long) chunks * VerityTree.CHUNK_BYTES).present())
        .isEqualTo(map.present());
    map.clear();
    assertThat(Files.readAllBytes(file)).containsOnly(0);
  }

  @Test
  void theFileIsWholePages() {
    assertThat(PresentMap.sizeBytes(1)).isEqualTo(4096);
    assertThat(PresentMap.sizeBytes(32_768)).isEqualTo(4096);
    assertThat(PresentMap.sizeBytes(32_769)).isEqualTo(8192);
  }
}
