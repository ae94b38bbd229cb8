package dev.nacelle.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class BpfObjectTest {

  @Test
  void whatIsNoElfFileIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BpfObject.read(new byte[0]))
        .withMessageContaining("not a 64-bit ELF file");
    assertThatIllegalArgumentException().isThrownBy(() -> BpfObject.read(new byte[100]));
  }

  @Test
  void anElfHeaderFollowedByAnythingIsRefused() {
    Random random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = new byte[64 + random.nextInt(400)];
      random.nextBytes(bytes);
      bytes[0] = 0x7f;
      bytes[4] = 2;
      // a table of sections somewhere inside, of some length
      System.arraycopy(
          new byte[] {(byte) random.nextInt(200), 0, 0, 0, 0, 0, 0, 0}, 0, bytes, 40, 8);
      bytes[60] = (byte) (1 + random.nextInt(4));
      bytes[61] = 0;
      bytes[62] = 0;
      bytes[63] = 0;
      assertThatIllegalArgumentException().isThrownBy(() -> BpfObject.read(bytes));
    }
  }
}
