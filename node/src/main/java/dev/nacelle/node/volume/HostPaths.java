package dev.nacelle.node.volume;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.start.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** hostPath volumes and the checks of their types. */
final class HostPaths {
  private HostPaths() {}

  static Path prepare(JsonObject hostPath) throws ConfigurationException, IOException {
    Path path = Path.of(hostPath.string("path").orElse("/"));
    String type = hostPath.string("type").orElse("");
    switch (type) {
      case "" -> {
        // nothing is checked; what is absent is made, so that the bind mount has a source
        if (!Files.exists(path)) {
          Files.createDirectories(path);
        }
      }
      case "DirectoryOrCreate" -> {
        if (!Files.exists(path)) {
          Files.createDirectories(path);
        }
        require(Files.isDirectory(path), path, type, "is not a directory");
      }
      case "Directory" -> require(Files.isDirectory(path), path, type, "is not a directory");
      case "FileOrCreate" -> {
        if (!Files.exists(path)) {
          Files.createFile(
              path, PosixFilePermissions.asFileAttribute(AtomicDirectory.permissions(0644)));
        }
        require(Files.isRegularFile(path), path, type, "is not a file");
      }
      case "File" -> require(Files.isRegularFile(path), path, type, "is not a file");
      case "Socket" -> require(hasType(path, 0140000), path, type, "is not a socket file");
      case "CharDevice" -> require(hasType(path, 0020000), path, type, "is not a character device");
      case "BlockDevice" -> require(hasType(path, 0060000), path, type, "is not a block device");
      default -> require(false, path, type, "is of an unknown type");
    }
    return path;
  }

  private static boolean hasType(Path path, int type) throws IOException {
    return Files.exists(path)
        && ((Integer) Files.getAttribute(path, "unix:mode") & 0170000) == type;
  }

  private static void require(boolean holds, Path path, String type, String why)
      throws ConfigurationException {
    if (!holds) {
      throw new ConfigurationException(
          "FailedMount", "hostPath type check failed: " + path + " " + why + " (" + type + ")");
    }
  }
}
