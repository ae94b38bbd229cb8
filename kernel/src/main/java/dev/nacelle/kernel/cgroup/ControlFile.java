package dev.nacelle.kernel.cgroup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Reading and writing the small files of a cgroup directory, and removing directories. */
final class ControlFile {
  private static final int REMOVE_ATTEMPTS = 200;

  private ControlFile() {}

  static void write(Path file, String value) {
    try {
      Files.writeString(file, value, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write '" + value + "' to " + file, e);
    }
  }

  static void writeIfPresent(Path file, String value) {
    if (Files.exists(file)) {
      write(file, value);
    }
  }

  /** True if the kernel took it. */
  static boolean tryWrite(Path file, String value) {
    try {
      Files.writeString(file, value, StandardOpenOption.WRITE);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The number in a file; empty for a missing file or the word max. */
  static OptionalLong number(Path file) {
    Optional<String> text = read(file);
    try {
      return text.isEmpty() || text.get().equals("max")
          ? OptionalLong.empty()
          : OptionalLong.of(Long.parseLong(text.get()));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** The lines "name number" of a file. */
  static Map<String, Long> numbers(Path file) {
    var result = new HashMap<String, Long>();
    for (String line : read(file).orElse("").lines().toList()) {
      int space = line.indexOf(' ');
      if (space > 0) {
        try {
          result.put(line.substring(0, space), Long.parseLong(line.substring(space + 1).strip()));
        } catch (NumberFormatException e) {
          // a line of another shape is not one of those asked for
          continue;
        }
      }
    }
    return result;
  }

  static void makeDirectory(Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the cgroup " + directory, e);
    }
  }

  static void deleteIfEmpty(Path directory) {
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // it has children or processes: it is in use
      return;
    }
  }

  /** Kills and removes, children first; a killed process takes a moment to leave. */
  static void removeTree(Path directory, Runnable kill) {
    for (Path child : children(directory)) {
      removeTree(child, kill);
    }
    for (int attempt = 0; ; attempt++) {
      try {
        Files.deleteIfExists(directory);
        return;
      } catch (IOException e) {
        if (attempt == REMOVE_ATTEMPTS) {
          throw new UncheckedIOException("cannot remove the cgroup " + directory, e);
        }
        kill.run();
        killAll(directory);
        pause(directory);
      }
    }
  }

  private static void pause(Path directory) {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(
          new IOException("interrupted while removing the cgroup " + directory));
    }
  }

  static void killAll(Path directory) {
    for (String pid : read(directory.resolve("cgroup.procs")).orElse("").lines().toList()) {
      if (!pid.equals("0")) {
        ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  private static List<Path> children(Path directory) {
    try (DirectoryStream<Path> stream =
        Files.newDirectoryStream(directory, path -> Files.isDirectory(path))) {
      var result = new java.util.ArrayList<Path>();
      stream.forEach(result::add);
      return result;
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list the cgroup " + directory, e);
    }
  }
}
