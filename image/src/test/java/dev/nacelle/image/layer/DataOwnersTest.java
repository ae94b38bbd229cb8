package dev.nacelle.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose data lies where in a layer, compared with what went in. */
final class DataOwnersTest {
  @TempDir Path directory;
  private final Random random = new Random(7);
  private Path tree;
  private Path metadata;
  private Path data;

  @BeforeEach
  void build() throws Exception {
    tree = Files.createDirectory(directory.resolve("tree"));
    Path deep = Files.createDirectories(tree.resolve("usr/lib/python3"));
    for (int i = 0; i < 700; i++) { // a directory of several blocks
      write(deep.resolve("module-" + Integer.toString(i * 7919, 36) + ".py"), 1 + i * 13 % 9000);
    }
    write(tree.resolve("large"), (5 << 20) + 17);
    Files.createFile(tree.resolve("empty"));
    Files.createSymbolicLink(tree.resolve("link"), Path.of("large"));
    Files.createLink(tree.resolve("usr/other-name"), deep.resolve("module-0.py"));
    write(tree.resolve("gr\u00fc\u00dfe"), 5000);
    metadata = directory.resolve("metadata");
    data = directory.resolve("data");
    LayerBuilder.build(DirectoryTar.open(tree), metadata, data, LayerLimits.DEFAULT);
  }

  private void write(Path file, int size) throws IOException {
    byte[] noise = new byte[size];
    random.nextBytes(noise);
    Files.write(file, noise);
  }

  @Test
  void everyPartIsWhatItsFileHas() throws Exception {
    DataOwners owners = DataOwners.read(metadata);
    byte[] all = Files.readAllBytes(data);
    List<DataOwners.Owned> parts = owners.in(0, all.length);
    Set<String> names = new HashSet<>();
    for (DataOwners.Owned part : parts) {
      names.add(part.path());
      byte[] file = Files.readAllBytes(tree.resolve(part.path().substring(1)));
      byte[] there =
          Arrays.copyOfRange(all, (int) part.offset(), (int) (part.offset() + part.sizeBytes()));
      assertThat(there).as(part.path()).isEqualTo(file);
    }
    assertThat(names).hasSize(702).contains("/large", "/gr\u00fc\u00dfe");
    try (var files = Files.walk(tree)) {
      long withData =
          files
              .filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))
              .filter(f -> f.toFile().length() > 0)
              .count();
      assertThat(withData).as("one name of the file that has two").isEqualTo(703);
    }
  }

  @Test
  void aRangeHasThoseThatItTouches() throws Exception {
    DataOwners owners = DataOwners.read(metadata);
    DataOwners.Owned large =
        owners.in(0, Long.MAX_VALUE >> 1).stream()
            .filter(p -> p.path().equals("/large"))
            .findFirst()
            .orElseThrow();
    assertThat(owners.in(large.offset() + 4096, 4096)).containsExactly(large);
    assertThat(owners.in(large.offset(), 1)).containsExactly(large);
    assertThat(owners.in(large.offset() + large.sizeBytes() - 1, 1)).containsExactly(large);
    assertThat(owners.in(Files.size(data) + 4096, 4096)).isEmpty();
  }

  @Test
  void damagedImagesAreRefusedOrReadNeverWorse() throws Exception {
    byte[] good = Files.readAllBytes(metadata);
    assertThatThrownBy(() -> read(new byte[4096])).isInstanceOf(LayerException.class);
    assertThatThrownBy(() -> read(Arrays.copyOf(good, 1100))).isInstanceOf(LayerException.class);
    for (int round = 0; round < 300; round++) {
      byte[] bad = good.clone();
      for (int flips = 0; flips < 20; flips++) {
        bad[1024 + random.nextInt(bad.length - 1024)] = (byte) random.nextInt();
      }
      try {
        read(bad);
      } catch (LayerException e) {
        assertThat(e).hasMessageContaining("cannot read metadata image: ");
      }
    }
  }

  private DataOwners read(byte[] image) throws IOException {
    return DataOwners.read(Files.write(directory.resolve("other"), image));
  }
}
