package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tree beside that of cryptsetup. */
final class VerityTreeTest {
  private static final Path PEER = Path.of("/usr/sbin/veritysetup");
  private static final String SALT =
      "00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0";
  private static final Pattern ROOT = Pattern.compile("Root hash:\\s+([0-9a-f]{64})");

  @TempDir Path directory;

  /** One block, two, a chunk less one, a chunk, one more, several, two upper levels. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 127, 128, 129, 1000, 128 * 128, 128 * 128 + 1, 20_000})
  void rootAndHashDeviceAreThoseOfVeritysetup(int blocks) throws Exception {
    assumeTrue(Files.isExecutable(PEER), "needs veritysetup");
    Path data = data(blocks);
    for (VerityDevice.Start start : VerityDevice.Start.values()) {
      Path theirs = directory.resolve("theirs-" + start);
      Path ours = directory.resolve("ours-" + start);
      String root = veritysetup(data, theirs, start);
      var tree = new VerityTree(salt(), (long) blocks * VerityTree.BLOCK_BYTES);
      try (FileChannel in = FileChannel.open(data);
          FileChannel out =
              FileChannel.open(
                  ours,
                  StandardOpenOption.CREATE_NEW,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.READ)) {
        assertThat(hex(VerityDevice.write(tree, in, out, start))).isEqualTo(root);
      }
      assertThat(Files.readAllBytes(ours)).isEqualTo(Files.readAllBytes(theirs));
    }
  }

  @Test
  void theTreeOfOneBlockHasNoLevels() {
    byte[] data = bytes(VerityTree.BLOCK_BYTES);
    var tree = new VerityTree(salt(), data.length);
    byte[] hash = tree.chunkHash(0, data);
    assertThat(hex(tree.root(hash))).isEqualTo(HexFormat.of().formatHex(hash));
    assertThat(tree.chunks()).isEqualTo(1);
  }

  @Test
  void aChunkProvesItselfAndNothingElseDoes() {
    byte[] data = bytes(VerityTree.CHUNK_BYTES);
    var tree = new VerityTree(salt(), 2L * VerityTree.CHUNK_BYTES);
    var hash = ByteBuffer.wrap(tree.chunkHash(0, data));
    assertThat(tree.proves(hash, 0, data)).isTrue();
    for (int bit : new int[] {0, 77, 8 * VerityTree.BLOCK_BYTES, 8 * data.length - 1}) {
      data[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(tree.proves(hash, 0, data)).as("bit " + bit).isFalse();
      data[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  @Test
  void aShortLastChunkIsHashedWithoutWhatLiesBehindIt() {
    var tree = new VerityTree(salt(), VerityTree.CHUNK_BYTES + 3L * VerityTree.BLOCK_BYTES);
    byte[] data = bytes(VerityTree.CHUNK_BYTES);
    byte[] hash = tree.chunkHash(1, data);
    data[3 * VerityTree.BLOCK_BYTES] ^= 1;
    assertThat(tree.chunkHash(1, data)).isEqualTo(hash);
    assertThat(tree.chunkBytes(1)).isEqualTo(3 * VerityTree.BLOCK_BYTES);
  }

  @Test
  void aDeviceOfBrokenBlocksIsRefused() {
    for (long size : new long[] {0, -4096, 1, 4095, 4097, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> new VerityTree(salt(), size))
          .isInstanceOf(IllegalArgumentException.class);
    }
    var tree = new VerityTree(salt(), 4096);
    assertThatThrownBy(() -> tree.root(new byte[64])).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> tree.chunkBytes(1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static Bytes salt() {
    return Bytes.wrap(HexFormat.of().parseHex(SALT));
  }

  private static String hex(Bytes bytes) {
    return HexFormat.of().formatHex(bytes.unsafeArray());
  }

  private static byte[] bytes(int size) {
    byte[] result = new byte[size];
    new Random(size).nextBytes(result);
    return result;
  }

  private Path data(int blocks) throws Exception {
    return Files.write(directory.resolve("data"), bytes(blocks * VerityTree.BLOCK_BYTES));
  }

  private static String veritysetup(Path data, Path hashes, VerityDevice.Start start)
      throws Exception {
    var command =
        new java.util.ArrayList<>(
            java.util.List.of(
                PEER.toString(),
                "format",
                "--hash=sha256",
                "--data-block-size=4096",
                "--hash-block-size=4096",
                "--salt=" + SALT,
                "--uuid=00112233-4455-6677-8899-aabbccddeeff"));
    if (start == VerityDevice.Start.TREE) {
      command.add("--no-superblock");
    }
    Files.createFile(hashes);
    command.add(data.toString());
    command.add(hashes.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    var matcher = ROOT.matcher(output);
    assertThat(matcher.find()).as(output).isTrue();
    return matcher.group(1);
  }
}
