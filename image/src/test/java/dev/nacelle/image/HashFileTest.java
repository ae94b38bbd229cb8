package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.image.layer.BuiltLayer;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hash trees beside a layer, of files of two levels, one level and none. */
final class HashFileTest {
  private static final Path PEER = Path.of("/usr/sbin/veritysetup");
  private static final int BLOCK = 4096;
  private static final String DIFF_ID = "0123456789abcdef".repeat(4);

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve(HashFile.NAME);
  }

  private HashFile of(int dataBlocks, int metadataBlocks) throws Exception {
    var random = new Random(dataBlocks);
    byte[] data = new byte[dataBlocks * BLOCK];
    byte[] metadata = new byte[metadataBlocks * BLOCK];
    random.nextBytes(data);
    random.nextBytes(metadata);
    Files.write(directory.resolve(LayerStore.DATA), data);
    Files.write(directory.resolve(LayerStore.METADATA), metadata);
    return HashFile.of(
        new BuiltLayer("sha256:" + DIFF_ID, "sha256:" + DIFF_ID, metadata.length, data.length));
  }

  @Test
  void veritysetupFindsBothFilesProved() throws Exception {
    assumeTrue(Files.isExecutable(PEER), "needs veritysetup");
    LayerRoots roots = of(300, 5).write(directory, file);
    // a superblock, a block over those of three chunks
    assertThat(verify(LayerStore.DATA, roots.dataHex(), 0)).isZero();
    assertThat(verify(LayerStore.METADATA, roots.metadataHex(), 5 * BLOCK)).isZero();
    assertThat(verify(LayerStore.METADATA, roots.dataHex(), 5 * BLOCK)).isNotZero();
  }

  private int verify(String name, String root, int offset) throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    PEER.toString(),
                    "verify",
                    "--hash-offset=" + offset,
                    directory.resolve(name).toString(),
                    file.toString(),
                    root))
            .redirectErrorStream(true)
            .start();
    process.getInputStream().transferTo(System.out);
    return process.waitFor();
  }

  @Test
  void everyBitOfTheTreesCounts() throws Exception {
    HashFile hashes = of(300, 5);
    LayerRoots roots = hashes.write(directory, file);
    assertThat(hashes.isSound(file, roots)).isTrue();
    // behind each superblock: the upper level and the lowest of the data, the metadata's only one
    for (long at :
        new long[] {BLOCK, BLOCK + 70, 2 * BLOCK, 5 * BLOCK - 1, 6 * BLOCK, 7 * BLOCK - 1}) {
      flip(at);
      assertThat(hashes.isSound(file, roots)).as("bit at " + at).isFalse();
      flip(at);
    }
    flip(BLOCK / 2); // of a superblock, which no kernel is shown
    assertThat(hashes.isSound(file, roots)).isTrue();
  }

  private void flip(long at) throws Exception {
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int old = open.read();
      open.seek(at);
      open.write(old ^ 1);
    }
  }

  @Test
  void aFileThatIsCutOffOrOfOtherRootsIsNotSound() throws Exception {
    HashFile hashes = of(300, 1);
    LayerRoots roots = hashes.write(directory, file);
    assertThat(hashes.isSound(file, roots)).isTrue();
    assertThat(hashes.isSound(file, new LayerRoots(roots.metadata(), roots.data()))).isFalse();
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(open.length() - 1);
    }
    assertThat(hashes.isSound(file, roots)).isFalse();
    assertThat(new String(Files.readAllBytes(file), 0, 6, StandardCharsets.US_ASCII))
        .isEqualTo("verity");
  }

  @Test
  void theRootsSurviveTheDescriptionOfALayer() throws Exception {
    LayerRoots roots = of(2, 2).write(directory, file);
    StoredLayer layer =
        StoredLayer.of(new BuiltLayer("sha256:" + DIFF_ID, "sha256:" + DIFF_ID, 8192, 8192))
            .with(roots);
    assertThat(StoredLayer.of(layer.toJson())).isEqualTo(layer);
  }
}
