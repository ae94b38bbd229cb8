package dev.nacelle.base.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFilesTest {
  @Test
  void aFileIsReplacedWholeWithItsMode(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("key");
    DurableFiles.writeAtomically(file, Bytes.utf8("old"), DurableFiles.Mode.EVERYBODY_READS);
    DurableFiles.writeAtomically(file, Bytes.utf8("new"), DurableFiles.Mode.OWNER);
    assertThat(file).hasContent("new");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var entries = Files.list(directory)) {
      assertThat(entries).containsExactly(file);
    }
    DurableFiles.delete(file);
    DurableFiles.delete(file);
    assertThat(file).doesNotExist();
  }

  @Test
  void aDraftIsWrittenElsewhereWhereThatIsWanted(@TempDir Path directory) throws Exception {
    Path drafts = Files.createDirectory(directory.resolve("drafts"));
    Path places = Files.createDirectory(directory.resolve("places"));
    Path occupied = places.resolve("occupied");
    Files.createDirectories(occupied.resolve("inner"));
    DurableFiles.writeAtomically(
        places.resolve("file"), Bytes.utf8("x"), DurableFiles.Mode.OWNER, drafts);
    assertThatThrownBy(
            () ->
                DurableFiles.writeAtomically(
                    occupied, Bytes.utf8("x"), DurableFiles.Mode.OWNER, drafts))
        .isInstanceOf(IOException.class);
    assertThat(places.resolve("file")).hasContent("x");
    assertThat(drafts).isEmptyDirectory();
  }

  @Test
  void aFinishedDirectoryIsRenamedIntoItsPlace(@TempDir Path directory) throws Exception {
    Path finished = Files.createDirectory(directory.resolve("draft"));
    Files.writeString(finished.resolve("file"), "x");
    DurableFiles.publish(finished, directory.resolve("place"));
    assertThat(directory.resolve("place/file")).hasContent("x");
    assertThat(finished).doesNotExist();
  }

  @Test
  void aFailedWriteLeavesNothingBehind(@TempDir Path directory) throws Exception {
    Path occupied = directory.resolve("d");
    Files.createDirectories(occupied.resolve("inner"));
    assertThatThrownBy(
            () -> DurableFiles.writeAtomically(occupied, Bytes.utf8("x"), DurableFiles.Mode.OWNER))
        .isInstanceOf(IOException.class);
    try (var entries = Files.list(directory)) {
      assertThat(entries).containsExactly(occupied);
    }
  }
}
