package dev.nacelle.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.mount.ExtendedAttributes;
import dev.nacelle.kernel.mount.Mounts;
import dev.nacelle.kernel.mount.SpecialFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds layers, mounts them and compares file by file with what went in. Needs root and EROFS. */
final class MountedLayerTest {
  @TempDir Path directory;
  private Path mountPoint;

  @BeforeEach
  void needsRoot() throws IOException {
    assumeTrue(
        "root".equals(System.getProperty("user.name"))
            && Files.readString(Path.of("/proc/filesystems")).contains("erofs"),
        "needs root and EROFS");
    mountPoint = Files.createDirectory(directory.resolve("mnt"));
  }

  @AfterEach
  void unmount() {
    if (mountPoint != null) {
      Mounts.detach(mountPoint);
    }
  }

  @Test
  void everyKindOfFileSurvivesTheWayThroughAnImage() throws Exception {
    Path tree = Files.createDirectory(directory.resolve("tree"));
    populate(tree);
    mount(DirectoryTar.open(tree));
    assertThat(FileTree.describe(mountPoint)).isEqualTo(FileTree.describe(tree));
    check();
  }

  @Test
  void aDirectoryOfTwentyThousandFilesReadsBackWhole() throws Exception {
    Path tree = Files.createDirectory(directory.resolve("tree"));
    for (int i = 0; i < 20_000; i++) {
      Files.createFile(tree.resolve("file-" + Integer.toString(i * 7919, 36)));
    }
    mount(DirectoryTar.open(tree));
    assertThat(FileTree.describe(mountPoint)).isEqualTo(FileTree.describe(tree));
    check();
  }

  @Test
  void aTarOfGnuTarsWithSparseFilesAndLongNamesUnpacksTheSame() throws Exception {
    Path tree = Files.createDirectory(directory.resolve("tree"));
    populate(tree);
    for (String format :
        List.of(
            "gnu",
            "pax",
            "posix --sparse-version=0.0",
            "posix --sparse-version=0.1",
            "posix --sparse-version=1.0")) {
      Path tar = directory.resolve("layer.tar.gz");
      run(
          "tar -C "
              + tree
              + " --format="
              + format.replace("pax", "posix")
              + " --sparse --xattrs --xattrs-include=* --numeric-owner --sort=name -czf "
              + tar
              + " .");
      Path unpacked = Files.createDirectory(directory.resolve("unpacked"));
      run("tar -C " + unpacked + " --xattrs --xattrs-include=* --numeric-owner -xpf " + tar);
      try (InputStream in = Files.newInputStream(tar)) {
        mount(in);
      }
      assertThat(FileTree.describe(mountPoint)).as(format).isEqualTo(FileTree.describe(unpacked));
      check();
      Mounts.unmount(mountPoint);
      run("rm -rf " + unpacked + " " + directory.resolve("meta") + " " + directory.resolve("data"));
    }
  }

  private void mount(InputStream layer) throws IOException {
    Path metadata = directory.resolve("meta");
    Path data = directory.resolve("data");
    LayerBuilder.build(layer, metadata, data, LayerLimits.DEFAULT);
    try {
      Mounts.mount(metadata.toString(), mountPoint, "erofs", Mounts.READ_ONLY, "device=" + data);
    } catch (ErrnoException e) {
      assumeTrue(e.errno() != 15, "this kernel does not mount EROFS from a file");
      throw e;
    }
  }

  private void check() throws Exception {
    if (Files.exists(Path.of("/usr/bin/fsck.erofs"))) {
      run("fsck.erofs --device=" + directory.resolve("data") + " " + directory.resolve("meta"));
    }
  }

  private static void populate(Path tree) throws Exception {
    var random = new Random(7);
    for (int size : new int[] {0, 1, 511, 4095, 4096, 4097, 1 << 20, (3 << 20) + 17}) {
      byte[] content = new byte[size];
      random.nextBytes(content);
      Files.write(tree.resolve("size-" + size), content);
    }
    Path deep = tree;
    for (int i = 0; i < 12; i++) {
      deep = Files.createDirectory(deep.resolve("a-directory-with-a-longer-name-" + i));
    }
    Files.writeString(deep.resolve("x".repeat(255)), "deep");
    Files.writeString(tree.resolve("größe – €"), "utf-8");
    Files.writeString(tree.resolve("!before-the-dots"), "order");
    Files.createLink(tree.resolve("hard"), tree.resolve("size-4097"));
    Files.createSymbolicLink(tree.resolve("absolute"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(tree.resolve("dangling"), Path.of("../../../up"));
    Files.createSymbolicLink(tree.resolve("long"), Path.of("l/".repeat(2000) + "end"));
    SpecialFiles.make(tree.resolve("null"), 0020666, 1, 3);
    SpecialFiles.make(tree.resolve("block"), 0060640, 259, 70_000);
    SpecialFiles.make(tree.resolve("fifo"), 0010600, 0, 0);
    Files.setAttribute(tree.resolve("size-1"), "unix:mode", 0104755);
    Files.setAttribute(tree.resolve("size-511"), "unix:uid", 100_123);
    Files.setAttribute(tree.resolve("size-511"), "unix:gid", 70_000);
    Path sticky = Files.createDirectory(tree.resolve("tmp"));
    Files.setAttribute(sticky, "unix:mode", 0041777);
    ExtendedAttributes.write(tree.resolve("size-4096"), "user.note", Bytes.utf8("hello"));
    ExtendedAttributes.write(
        tree.resolve("size-4096"),
        "security.capability",
        Bytes.wrap(new byte[] {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    ExtendedAttributes.write(sticky, "trusted.big", Bytes.wrap(new byte[3500]));
    run("setfattr -h -n trusted.link -v 0x00ff " + tree.resolve("absolute") + " || true");
    Path sparse = tree.resolve("sparse");
    run(
        "truncate -s 9000000 "
            + sparse
            + "; printf head | dd of="
            + sparse
            + " conv=notrunc status=none; printf middle | dd of="
            + sparse
            + " bs=1 seek=5000001 conv=notrunc status=none");
    run("truncate -s 150000000 " + tree.resolve("hole"));
    Files.setLastModifiedTime(
        tree.resolve("size-1"), FileTime.from(Instant.parse("1969-03-04T05:06:07.25Z")));
    Files.setLastModifiedTime(
        tree.resolve("size-0"), FileTime.from(Instant.parse("2031-01-02T03:04:05.123456789Z")));
  }

  static void run(String command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Map.of(command, output).toString()).isZero();
  }
}
