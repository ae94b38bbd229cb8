package dev.nacelle.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers made to do harm, and layers damaged at random. */
final class HostileLayerTest {
  @TempDir Path directory;
  private int built;

  private static TarEntry entry(TarEntry.Type type, String path, String link) {
    return new TarEntry(type, path, link, 0644, 0, 0, 0, 0, 0, 0, 0, List.of(), Map.of());
  }

  private static byte[] tar(TarEntry... entries) {
    var out = new ByteArrayOutputStream();
    for (TarEntry entry : entries) {
      out.writeBytes(TarHeaders.encode(entry));
      out.writeBytes(new byte[(int) (entry.sizeBytes() + 511) / 512 * 512]);
    }
    out.writeBytes(new byte[1024]);
    return out.toByteArray();
  }

  private BuiltLayer build(byte[] tar, LayerLimits limits) throws IOException {
    int number = built++;
    Path metadata = directory.resolve("m" + number);
    Path data = directory.resolve("d" + number);
    try {
      return LayerBuilder.build(new ByteArrayInputStream(tar), metadata, data, limits);
    } finally {
      Files.deleteIfExists(metadata);
      Files.deleteIfExists(data);
    }
  }

  private static LayerNode child(LayerTree tree, String name) {
    return Objects.requireNonNull(tree.root().children.get(name));
  }

  private void refused(String why, LayerLimits limits, TarEntry... entries) {
    assertThatThrownBy(() -> build(tar(entries), limits))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining(why);
  }

  @Test
  void pathsThatLeaveTheLayerAreRefused() {
    for (String path : List.of("../x", "a/../../x", "/../x", "./../x")) {
      refused("leaves the layer", LayerLimits.DEFAULT, entry(TarEntry.Type.FILE, path, ""));
      refused("leaves the layer", LayerLimits.DEFAULT, entry(TarEntry.Type.HARD_LINK, "h", path));
    }
  }

  @Test
  void aLinkOutOfTheLayerIsFollowedInsideIt() throws Exception {
    var tree = new LayerTree(LayerLimits.DEFAULT);
    tree.add(entry(TarEntry.Type.SYMBOLIC_LINK, "a", "/../../etc"));
    tree.add(entry(TarEntry.Type.FILE, "a/passwd", ""));
    assertThat(tree.root().children).containsOnlyKeys("a", "etc");
    assertThat(child(tree, "etc").children).containsOnlyKeys("passwd");
  }

  @Test
  void aCircleOfLinksAndAFileAsAParentAreRefused() {
    refused(
        "too many symbolic links",
        LayerLimits.DEFAULT,
        entry(TarEntry.Type.SYMBOLIC_LINK, "a", "b"),
        entry(TarEntry.Type.SYMBOLIC_LINK, "b", "a"),
        entry(TarEntry.Type.FILE, "a/x", ""));
    refused(
        "not a directory",
        LayerLimits.DEFAULT,
        entry(TarEntry.Type.FILE, "a", ""),
        entry(TarEntry.Type.FILE, "a/x", ""));
    refused("which is not here", LayerLimits.DEFAULT, entry(TarEntry.Type.HARD_LINK, "a", "b"));
  }

  @Test
  void namesPathsCountsAndSizesAreBounded() {
    refused(
        "a name of more than 255",
        LayerLimits.DEFAULT,
        entry(TarEntry.Type.FILE, "n".repeat(256), ""));
    refused(
        "a path of more than 4096",
        LayerLimits.DEFAULT,
        entry(TarEntry.Type.FILE, "n/".repeat(2500), ""));
    refused(
        "more than 3 entries",
        new LayerLimits(3, 1 << 20, 1 << 20),
        entry(TarEntry.Type.FILE, "a/b/c/d", ""));
    refused(
        "names and attributes take more than",
        new LayerLimits(100, 1 << 20, 200),
        entry(TarEntry.Type.FILE, "n".repeat(200), ""));
    refused(
        "more than 4096 bytes of files",
        new LayerLimits(100, 4096, 1 << 20),
        new TarEntry(
            TarEntry.Type.FILE,
            "f",
            "",
            0644,
            0,
            0,
            0,
            0,
            9000,
            0,
            0,
            List.of(new TarEntry.Extent(0, 9000)),
            Map.of()));
  }

  @Test
  void attributesThatSteerTheOverlayAreDropped() throws Exception {
    var tree = new LayerTree(LayerLimits.DEFAULT);
    LayerNode node =
        tree.add(
            new TarEntry(
                TarEntry.Type.DIRECTORY,
                "d",
                "",
                0755,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                List.of(),
                Map.of(
                    "trusted.overlay.redirect", Bytes.utf8("/etc"),
                    "user.overlay.opaque", Bytes.utf8("y"),
                    "user.kept", Bytes.utf8("v"))));
    assertThat(node.xattrs).containsOnlyKeys("user.kept");
  }

  @Test
  void aWhiteoutAndANewDirectoryOfTheSameNameGiveAnOpaqueOne() throws Exception {
    for (List<String> order : List.of(List.of(".wh.d", "d/f"), List.of("d/f", ".wh.d"))) {
      var tree = new LayerTree(LayerLimits.DEFAULT);
      for (String path : order) {
        tree.add(entry(TarEntry.Type.FILE, path, ""));
      }
      LayerNode d = child(tree, "d");
      assertThat(d.isDirectory()).isTrue();
      assertThat(d.xattrs).containsKey("trusted.overlay.opaque");
      assertThat(d.children).containsOnlyKeys("f");
    }
  }

  @Test
  void theSameTarGivesTheSameBytes() throws Exception {
    byte[] tar = tar(entry(TarEntry.Type.FILE, "a/b", ""), entry(TarEntry.Type.FIFO, "p", ""));
    for (String run : List.of("1", "2")) {
      LayerBuilder.build(
          new ByteArrayInputStream(tar),
          directory.resolve("meta" + run),
          directory.resolve("data" + run),
          LayerLimits.DEFAULT);
    }
    assertThat(directory.resolve("meta1")).hasSameBinaryContentAs(directory.resolve("meta2"));
    assertThat(directory.resolve("data1")).hasSameBinaryContentAs(directory.resolve("data2"));
  }

  @Test
  void damagedTarsAreReadOrRefusedButNeverBreakTheReader() throws Exception {
    byte[] sound =
        tar(
            entry(TarEntry.Type.DIRECTORY, "d/", ""),
            entry(TarEntry.Type.FILE, "d/" + "long-name-".repeat(20), ""),
            new TarEntry(
                TarEntry.Type.FILE,
                "f",
                "",
                0644,
                -2,
                1,
                -5,
                7,
                3000,
                0,
                0,
                List.of(new TarEntry.Extent(0, 3000)),
                Map.of("user.a", Bytes.utf8("b"))),
            entry(TarEntry.Type.HARD_LINK, "h", "f"),
            entry(TarEntry.Type.SYMBOLIC_LINK, "s", "x"));
    long seed = 4711;
    var random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < 400; round++) {
      byte[] damaged = sound.clone();
      for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      if (random.nextBoolean()) {
        fixChecksums(damaged);
      }
      try {
        build(damaged, new LayerLimits(1000, 1 << 20, 1 << 20));
      } catch (LayerException e) {
        refused++;
      } catch (RuntimeException | IOException e) {
        throw new AssertionError("seed " + seed + " round " + round, e);
      }
    }
    assertThat(refused).isPositive();
  }

  /** So that damage gets past the first check. */
  private static void fixChecksums(byte[] tar) {
    for (int at = 0; at + 512 <= tar.length; at += 512) {
      if (tar[at + 257] == 'u' && tar[at + 258] == 's') {
        java.util.Arrays.fill(tar, at + 148, at + 156, (byte) ' ');
        int sum = 0;
        for (int i = at; i < at + 512; i++) {
          sum += tar[i] & 0xff;
        }
        byte[] digits =
            String.format("%06o", sum).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        System.arraycopy(digits, 0, tar, at + 148, 6);
      }
    }
  }
}
