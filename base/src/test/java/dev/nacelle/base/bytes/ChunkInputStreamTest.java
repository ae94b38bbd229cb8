package dev.nacelle.base.bytes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkInputStreamTest {
  private static final class Words extends ChunkInputStream {
    private final ArrayDeque<String> words;

    Words(String... words) {
      this.words = new ArrayDeque<>(List.of(words));
    }

    @Override
    protected byte[] next() {
      return (words.isEmpty() ? "" : words.remove()).getBytes(StandardCharsets.UTF_8);
    }
  }

  @Test
  void chunksAreReadOneAfterTheOther() throws IOException {
    var words = new Words("one", "two");
    assertThat(words.read()).isEqualTo('o');
    assertThat(words.left()).isEqualTo(2);
    byte[] target = new byte[8];
    assertThat(words.read(target, 1, 7)).isEqualTo(2);
    assertThat(new String(target, 1, 2, StandardCharsets.UTF_8)).isEqualTo("ne");
    assertThat(words.readAllBytes()).isEqualTo("two".getBytes(StandardCharsets.UTF_8));
    assertThat(words.read()).isEqualTo(-1);
  }

  @Test
  void aReadOfNothingDoesNotAskForAChunk() throws IOException {
    var words = new Words("one");
    assertThat(words.read(new byte[0])).isZero();
    assertThat(words.left()).isZero();
  }
}
