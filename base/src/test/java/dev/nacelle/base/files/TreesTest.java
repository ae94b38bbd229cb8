package dev.nacelle.base.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreesTest {
  @Test
  void aTreeIsDeletedWithoutFollowingItsLinks(@TempDir Path directory) throws Exception {
    Path kept = Files.createDirectories(directory.resolve("kept"));
    Files.writeString(kept.resolve("file"), "stays");
    Path tree = directory.resolve("tree");
    Files.createDirectories(tree.resolve("a/b"));
    Files.writeString(tree.resolve("a/b/file"), "goes");
    Files.createSymbolicLink(tree.resolve("a/link"), kept);
    Files.createSymbolicLink(tree.resolve("dangling"), directory.resolve("nowhere"));
    Trees.delete(tree);
    assertThat(tree).doesNotExist();
    assertThat(kept.resolve("file")).hasContent("stays");
  }

  @Test
  void aLinkIsDeletedAndItsTargetStays(@TempDir Path directory) throws Exception {
    Path kept = Files.createDirectories(directory.resolve("kept/inner"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("kept"));
    Trees.delete(link);
    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(kept).isDirectory();
  }

  @Test
  void anAbsentTreeIsFine(@TempDir Path directory) throws Exception {
    Trees.delete(directory.resolve("absent/inner"));
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void whatCannotBeLookedAtIsAnError(@TempDir Path directory) {
    assertThatThrownBy(() -> Trees.delete(directory.resolve("x".repeat(300))))
        .isInstanceOf(IOException.class);
  }
}
