package dev.nacelle.runtime;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.kernel.mount.Mounts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The layout of DIR/node/run, shared with the keeper and the monitors. */
final class RunDirectory {
  private final Path root;
  private final String bootId;

  private RunDirectory(Path root, String bootId) {
    this.root = root;
    this.bootId = bootId;
  }

  /** Makes what is missing. */
  static RunDirectory prepare(Path root) {
    try {
      String bootId = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
      var directory = new RunDirectory(root.toAbsolutePath(), bootId);
      Files.createDirectories(directory.root);
      Files.setPosixFilePermissions(directory.root, PosixFilePermissions.fromString("rwx------"));
      for (String child : List.of("containers", "sandboxes", "ns", "oci")) {
        Files.createDirectories(directory.root.resolve(child));
      }
      directory.isolatePins();
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare the run directory " + root, e);
    }
  }

  /** Pins are mounts of nobody else's: without a mount of its own, ns/ would propagate them. */
  private void isolatePins() throws IOException {
    Path pins = root.resolve("ns");
    String field = " " + pins + " ";
    if (Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .anyMatch(line -> line.contains(field))) {
      return;
    }
    Mounts.bind(pins, pins);
    Mounts.mount("none", pins, "none", Mounts.PRIVATE, "");
  }

  /** Lets the pins' mount go, after the last sandbox. */
  void release() {
    Mounts.detach(root.resolve("ns"));
  }

  Path root() {
    return root;
  }

  String bootId() {
    return bootId;
  }

  Path container(String id) {
    return root.resolve("containers").resolve(id);
  }

  Path sandbox(String id) {
    return root.resolve("sandboxes").resolve(id);
  }

  Path pin(String sandboxId, String namespace) {
    return root.resolve("ns").resolve(sandboxId).resolve(namespace);
  }

  /** Where the OCI runtime keeps its state; short, because it makes sockets there. */
  Path ociRoot() {
    return root.resolve("oci");
  }

  List<String> containers() {
    return names(root.resolve("containers"));
  }

  List<String> sandboxes() {
    return names(root.resolve("sandboxes"));
  }

  private static List<String> names(Path directory) {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      var result = new ArrayList<String>();
      stream.forEach(path -> result.add(String.valueOf(path.getFileName())));
      return List.copyOf(result);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + directory, e);
    }
  }

  /** A JSON file; empty if it is missing or cut off. */
  static Optional<JsonObject> read(Path file) {
    try {
      return Optional.of(JsonReader.readObject(Bytes.wrap(Files.readAllBytes(file))));
    } catch (NoSuchFileException | JsonSyntaxException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** A file; empty if it is missing. */
  static Optional<byte[]> bytes(Path file) {
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  static void write(Path file, Json value) {
    write(file, JsonWriter.write(value).unsafeArray());
  }

  /** Replaces a file whole. */
  static void write(Path file, byte[] content) {
    try {
      Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
      Files.write(temporary, content);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  static void delete(Path directory) {
    try {
      Trees.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + directory, e);
    }
  }
}
