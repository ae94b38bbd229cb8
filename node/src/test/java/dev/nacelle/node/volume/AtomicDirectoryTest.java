package dev.nacelle.node.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicDirectoryTest {
  @TempDir private Path directory;

  private void write(String... namesAndTexts) throws IOException {
    write(OptionalLong.empty(), namesAndTexts);
  }

  private void write(OptionalLong group, String... namesAndTexts) throws IOException {
    Map<String, AtomicDirectory.Content> files = new HashMap<>();
    for (int i = 0; i < namesAndTexts.length; i += 2) {
      files.put(
          namesAndTexts[i], new AtomicDirectory.Content(Bytes.utf8(namesAndTexts[i + 1]), 0640));
    }
    AtomicDirectory.write(directory, files, group);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  private String present() throws IOException {
    return Files.readSymbolicLink(directory.resolve("..data")).toString();
  }

  @Test
  void filesAreLinksThroughData() throws IOException {
    write("a", "1", "d/b", "2");
    assertThat(present()).matches("\\.\\.\\d{4}(_\\d\\d){5}\\.\\d+");
    assertThat(Files.readSymbolicLink(directory.resolve("a"))).isEqualTo(Path.of("..data/a"));
    assertThat(Files.readSymbolicLink(directory.resolve("d"))).isEqualTo(Path.of("..data/d"));
    assertThat(directory.resolve("d/b")).hasContent("2");
    assertThat((Integer) Files.getAttribute(directory.resolve("a"), "unix:mode") & 07777)
        .isEqualTo(0640);
  }

  @Test
  void changeSwapsTheContentAndRemovesTheOld() throws IOException {
    write("a", "1", "b", "2");
    String before = present();
    write("a", "3", "c", "4");
    assertThat(present()).isNotEqualTo(before);
    assertThat(names()).containsExactly(present(), "..data", "a", "c");
    assertThat(directory.resolve("a")).hasContent("3");
  }

  @Test
  void sameContentIsNotTouched() throws IOException {
    write(OptionalLong.of(5), "a", "1");
    String before = present();
    write(OptionalLong.of(5), "a", "1");
    assertThat(present()).isEqualTo(before);
    write(OptionalLong.of(6), "a", "1");
    assertThat(present()).isNotEqualTo(before);
  }

  @Test
  void groupMayRead() throws IOException {
    write(OptionalLong.of(4321), "d/a", "1");
    Path file = directory.resolve("d/a");
    assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(4321);
    assertThat((Integer) Files.getAttribute(file, "unix:mode") & 0440).isEqualTo(0440);
  }

  @Test
  void whatAKilledProcessLeftIsSweptUp() throws IOException {
    write("a", "1");
    Files.createDirectories(directory.resolve("..2020_01_01_00_00_00.1/x"));
    Files.createSymbolicLink(directory.resolve("..data_tmp"), Path.of("nowhere"));
    write("a", "2");
    assertThat(names()).containsExactly(present(), "..data", "a");
  }

  @Test
  void fileMustNotLeaveTheVolume() {
    assertThatThrownBy(() -> write("../x", "1")).isInstanceOf(IOException.class);
  }
}
