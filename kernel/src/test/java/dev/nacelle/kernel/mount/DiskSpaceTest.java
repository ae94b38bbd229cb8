package dev.nacelle.kernel.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskSpaceTest {
  @TempDir Path directory;

  private Path file(String name, int written, long size) throws IOException {
    Path file = directory.resolve(name);
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(size);
      open.write(new byte[written]);
    }
    return file;
  }

  @Test
  void holesTakeNothingAndAnAbsentFileNeitherDoes() throws IOException {
    assertThat(DiskSpace.allocatedBytes(file("written", 1 << 20, 1 << 20))).isEqualTo(1 << 20);
    assertThat(DiskSpace.allocatedBytes(file("sparse", 4096, 1L << 40))).isEqualTo(4096);
    assertThat(DiskSpace.allocatedBytes(directory.resolve("absent"))).isZero();
  }
}
