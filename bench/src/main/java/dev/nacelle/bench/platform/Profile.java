package dev.nacelle.bench.platform;

import dev.nacelle.bench.report.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Flight recordings of the platform's process while a figure is taken, where they are asked for.
 * They cost the process some percent. For one thread.
 */
public final class Profile {
  private static final String NAME = "bench";

  private final Optional<Path> directory;

  private Profile(Optional<Path> directory) {
    this.directory = directory;
  }

  /** Writes recordings into a directory; nothing without one. */
  public static Profile into(Optional<Path> directory) throws IOException {
    if (directory.isPresent()) {
      Files.createDirectories(directory.get());
    }
    return new Profile(directory);
  }

  public void begin(Instance instance) throws IOException, InterruptedException {
    if (directory.isPresent()) {
      jcmd(instance, "JFR.start", "name=" + NAME, "settings=profile");
    }
  }

  /** Ends the recording and writes it to {@code title.jfr}. */
  public void end(Instance instance, String title) throws IOException, InterruptedException {
    if (directory.isPresent()) {
      Path file = directory.get().toAbsolutePath().resolve(title + ".jfr");
      jcmd(instance, "JFR.stop", "name=" + NAME, "filename=" + file);
    }
  }

  private static void jcmd(Instance instance, String... command)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    line.add(String.valueOf(instance.pid()));
    line.addAll(List.of(command));
    Command.output(line);
  }
}
