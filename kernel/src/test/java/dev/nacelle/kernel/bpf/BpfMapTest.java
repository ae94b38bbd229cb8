package dev.nacelle.kernel.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class BpfMapTest {
  private static final int HASH = 1;
  private static final MapLayout LAYOUT = new MapLayout("test", HASH, 4, 2, 3000, 1);

  @BeforeEach
  void needsRoot() {
    assumeTrue(Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root for bpf");
  }

  private static byte[] key(int number) {
    return new byte[] {(byte) number, (byte) (number >> 8), 0, 0};
  }

  @Test
  void entriesArePutReadAndRemovedManyAtATime() {
    try (BpfMap map = BpfMap.create(LAYOUT)) {
      List<Map.Entry<byte[], byte[]>> entries = new ArrayList<>();
      for (int i = 0; i < 2500; i++) {
        entries.add(Map.entry(key(i), new byte[] {1, (byte) i}));
      }
      map.putAll(entries);
      map.putAll(List.of());
      assertThat(map.get(key(2499))).hasValue(new byte[] {1, (byte) 2499});
      map.put(key(1), new byte[] {9, 9});
      assertThat(map.get(key(1))).hasValue(new byte[] {9, 9});
      map.removeAll(List.of(key(1), key(1), key(2)));
      assertThat(map.get(key(1))).isEmpty();
      assertThat(map.entries()).hasSize(2498);
    }
  }

  @Test
  void bytesOfAnotherSizeAreRefused() {
    try (BpfMap map = BpfMap.create(LAYOUT)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> map.put(new byte[3], new byte[2]))
          .withMessage("cannot use 3 bytes in map test: want 4");
    }
  }
}
