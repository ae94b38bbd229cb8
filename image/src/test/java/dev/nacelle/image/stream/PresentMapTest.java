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
    long data = (long) chunks * VerityTree.CHUNK_BYTES;
    Path file = Files.write(directory.resolve("map"), new byte[(int) PresentMap.sizeBytes(data)]);
    PresentMap map = PresentMap.open(file, data);
    for (int chunk : List.of(0, 1, 31, 32, 63, 64, 1000, 32_768, chunks - 1)) {
      assertThat(map.has(chunk)).isFalse();
      map.set(chunk);
      assertThat(map.has(chunk)).isTrue();
      var words = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int word = words.getInt((chunk >> 5) * 4);
      assertThat(word & 1 << (chunk & 31)).as("chunk " + chunk).isNotZero();
    }
    assertThat(map.present().cardinality()).isEqualTo(9);
    assertThat(PresentMap.open(file, data).present()).isEqualTo(map.present());
    assertThat(map.read().isEmpty()).isTrue();
    map.clear();
    assertThat(Files.readAllBytes(file)).containsOnly(0);
  }

  @Test
  void theSecondHalfSaysWhatWasRead() throws Exception {
    long data = 100L * VerityTree.CHUNK_BYTES;
    var bytes = new byte[8192];
    bytes[4096 + 33 / 8] = 1 << (33 % 8);
    Path file = Files.write(directory.resolve("map"), bytes);
    PresentMap map = PresentMap.open(file, data);
    assertThat(map.read().stream()).containsExactly(33);
    assertThat(map.present().isEmpty()).isTrue();
    map.clear();
    assertThat(map.read().isEmpty()).isTrue();
  }

  @Test
  void theMapOfAnEarlierVersionGetsItsSecondHalf() throws Exception {
    long data = 100L * VerityTree.CHUNK_BYTES;
    var bytes = new byte[4096];
    bytes[0] = 4;
    Path file = Files.write(directory.resolve("map"), bytes);
    PresentMap map = PresentMap.open(file, data);
    assertThat(map.present().stream()).containsExactly(2);
    assertThat(map.read().isEmpty()).isTrue();
    assertThat(file).hasSize(8192);
  }

  @Test
  void eachHalfIsWholePages() {
    long chunk = VerityTree.CHUNK_BYTES;
    assertThat(PresentMap.sizeBytes(1)).isEqualTo(2 * 4096);
    assertThat(PresentMap.sizeBytes(32_768 * chunk)).isEqualTo(2 * 4096);
    assertThat(PresentMap.sizeBytes(32_768 * chunk + 1)).isEqualTo(2 * 8192);
  }
}
