package dev.nacelle.kernel.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.kernel.ErrnoException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What there is of the device mapper on this machine; with one, the image room's guest test. */
final class DeviceMapperTest {
  @TempDir Path directory;

  @Test
  void aTableIsWhatVeritysetupWouldWrite() {
    var table =
        new VerityTable(
            Path.of("/dev/loop1"),
            Path.of("/dev/loop2"),
            3 * 4096,
            4096,
            Bytes.wrap(new byte[] {1, (byte) 0xab}),
            Bytes.EMPTY);
    assertThat(table.parameters()).isEqualTo("1 /dev/loop1 /dev/loop2 4096 4096 3 1 sha256 01ab -");
    assertThat(table.sectors()).isEqualTo(24);
  }

  @Test
  void aDeviceOfBrokenBlocksIsRefused() {
    Path device = Path.of("/dev/loop1");
    for (long size : new long[] {0, 4095, 5000}) {
      assertThatThrownBy(() -> new VerityTable(device, device, size, 0, Bytes.EMPTY, Bytes.EMPTY))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aKernelWithoutDeviceMapperSaysSoAndLeavesNothing() throws Exception {
    assumeTrue(
        !Files.readString(Path.of("/proc/misc")).contains("device-mapper"),
        "needs a kernel without device mapper");
    assertThatThrownBy(() -> DeviceMapper.open(directory).close())
        .isInstanceOf(ErrnoException.class)
        .hasMessageContaining("/dev/mapper/control");
    assertThat(directory).isEmptyDirectory();
  }
}
