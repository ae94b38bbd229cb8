package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelSettingsTest {
  @TempDir Path directory;
  private Path file;
  private KernelSettings settings;

  @BeforeEach
  void write() throws IOException {
    file = directory.resolve("pid_max");
    set("100");
    settings = new KernelSettings(Map.of(file, 500L), directory.resolve("notes"));
  }

  private void set(String value) throws IOException {
    Files.writeString(file, value + "\n");
  }

  private String value() throws IOException {
    return Files.readString(file).strip();
  }

  @Test
  void whatIsRaisedIsRestored() throws IOException {
    settings.raise();
    assertThat(value()).isEqualTo("500");
    settings.restore();
    assertThat(value()).isEqualTo("100");
    assertThat(directory.resolve("notes")).isEmptyDirectory();
  }

  @Test
  void raisedTwiceTheFirstValueIsRestored() throws IOException {
    settings.raise();
    new KernelSettings(Map.of(file, 900L), settings.notes()).raise();
    set("500");
    settings.restore();
    assertThat(value()).isEqualTo("100");
  }

  @Test
  void aHigherValueIsLeft() throws IOException {
    set("1000");
    settings.raise();
    settings.restore();
    assertThat(value()).isEqualTo("1000");
  }

  @Test
  void whatSomebodyChangedMeanwhileIsLeft() throws IOException {
    settings.raise();
    set("700");
    settings.restore();
    assertThat(value()).isEqualTo("700");
  }

  @Test
  void whatIsNotThereHindersNothing() throws IOException {
    Files.delete(file);
    settings.raise();
    settings.restore();
    assertThat(file).doesNotExist();
  }
}
