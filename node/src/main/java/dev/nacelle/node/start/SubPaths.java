package dev.nacelle.node.start;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resolves {@code subPath}: links may be followed, but not out of the volume. */
final class SubPaths {
  private SubPaths() {}

  /** The path below the volume; made as a directory where nothing is there. */
  static Path resolve(Path volume, String subPath) throws ConfigurationException, IOException {
    Path root = volume.toRealPath();
    Path wanted = root.resolve(subPath).normalize();
    if (!wanted.startsWith(root)) {
      throw escape(subPath);
    }
    // the volume itself is there
    Path existing = root;
    for (Path step : root.relativize(wanted)) {
      if (step.toString().isEmpty() || !Files.exists(existing.resolve(step))) {
        break;
      }
      existing = existing.resolve(step);
    }
    if (!existing.toRealPath().startsWith(root)) {
      throw escape(subPath);
    }
    if (!existing.equals(wanted)) {
      Files.createDirectories(wanted);
    }
    return wanted.toRealPath();
  }

  /** The path below the volume of an image: nothing can be made there. */
  static Path existing(Path volume, String subPath) throws ConfigurationException, IOException {
    Path root = volume.toRealPath();
    Path wanted = root.resolve(subPath).normalize();
    if (!wanted.startsWith(root)) {
      throw escape(subPath);
    }
    if (!Files.exists(wanted)) {
      throw new ConfigurationException(
          "CreateContainerError",
          "ImageVolumeMountFailed: \"" + subPath + "\" is not in the image of the volume");
    }
    Path real = wanted.toRealPath();
    if (!real.startsWith(root)) {
      throw escape(subPath);
    }
    return real;
  }

  private static ConfigurationException escape(String subPath) {
    return ConfigurationException.config(
        "failed to prepare subPath for volumeMount: \"" + subPath + "\" leaves its volume");
  }
}
