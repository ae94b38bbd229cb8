package dev.nacelle.kernel.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.kernel.ErrnoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MountsTest {
  @TempDir Path directory;
  private Path target;

  @BeforeEach
  void needsRoot() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    target = Files.createDirectory(directory.resolve("target"));
  }

  @AfterEach
  void unmount() {
    if (target != null) {
      Mounts.detach(target);
    }
  }

  @Test
  void anOverlayShowsItsLowersTopFirstAndTakesWrites() throws Exception {
    List<Path> lowers = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      Path lower = Files.createDirectory(directory.resolve("lower-with-a-rather-long-name-" + i));
      Files.writeString(lower.resolve("same"), "from " + i);
      Files.writeString(lower.resolve("only" + i), "x");
      lowers.add(lower);
    }
    Path upper = Files.createDirectory(directory.resolve("upper"));
    Path work = Files.createDirectory(directory.resolve("work"));
    Overlay.mount(lowers, upper, work, target, List.of("volatile"));
    assertThat(target.resolve("same")).hasContent("from 0");
    assertThat(target.resolve("only69")).exists();
    Files.delete(target.resolve("only5"));
    assertThat(Files.readAttributes(upper.resolve("only5"), "unix:rdev").get("rdev")).isEqualTo(0L);
    assertThat(MountTable.read().at(target)).map(MountTable.Entry::type).contains("overlay");
    assertThat(Mounts.unmount(target)).isTrue();
    assertThat(Mounts.unmount(target)).isFalse();
  }

  @Test
  void theKernelsWordsAreInTheMessageOfARefusedOption() {
    try (FileSystemContext overlay = FileSystemContext.open("overlay")) {
      assertThatThrownBy(() -> overlay.set("nonsense", "1"))
          .isInstanceOf(ErrnoException.class)
          .hasMessageContaining("nonsense=1");
    }
    assertThatThrownBy(() -> FileSystemContext.open("no-such-filesystem"))
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(19));
  }

  @Test
  void aFileSystemImageMountsByLoopDevicesThatFreeThemselves() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/loop-control")), "needs loop devices");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "needs erofs-utils");
    Path tree = Files.createDirectory(directory.resolve("tree"));
    Files.writeString(tree.resolve("f"), "by loop");
    Path image = directory.resolve("image");
    Process mkfs =
        new ProcessBuilder("mkfs.erofs", image.toString(), tree.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(mkfs.waitFor()).isZero();
    Path device;
    try (LoopDevice.Attached loop = LoopDevice.attach(image)) {
      device = loop.device();
      Mounts.mount(device.toString(), target, "erofs", Mounts.READ_ONLY, "");
    }
    assertThat(target.resolve("f")).hasContent("by loop");
    Mounts.unmount(target);
  }

  @Test
  void attributesOfEveryNamespaceAndDevicesAreWrittenAndRead() throws Exception {
    Path file = Files.createFile(directory.resolve("f"));
    ExtendedAttributes.write(file, "user.a", Bytes.utf8("1"));
    ExtendedAttributes.write(file, "trusted.b", Bytes.EMPTY);
    assertThat(ExtendedAttributes.read(file))
        .containsEntry("user.a", Bytes.utf8("1"))
        .containsEntry("trusted.b", Bytes.EMPTY);
    SpecialFiles.make(directory.resolve("null"), 0020606, 1, 3);
    assertThat(Files.readAttributes(directory.resolve("null"), "unix:mode,rdev"))
        .containsEntry("mode", 0020606)
        .containsEntry("rdev", 259L);
  }

  @Test
  void spaceIsMeasuredAndReserved() throws Exception {
    DiskSpace space = DiskSpace.of(directory);
    assertThat(space.availableBytes()).isPositive().isLessThanOrEqualTo(space.capacityBytes());
    Path file = Files.createFile(directory.resolve("f"));
    DiskSpace.reserve(file, 1 << 20);
    assertThat(file).hasSize(0);
    DiskSpace.dropCache(file);
    DiskSpace.sync(directory);
    assertThatThrownBy(() -> DiskSpace.reserve(file, space.capacityBytes() * 2))
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isIn(27, 28));
  }
}
