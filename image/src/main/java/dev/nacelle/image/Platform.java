package dev.nacelle.image;

import java.util.Locale;
import java.util.Optional;

/**
 * What an image is made for, in the words of the OCI image index.
 *
 * @param architecture as Go names it: amd64, arm64, ...
 * @param variant for example v8
 */
public record Platform(String os, String architecture, Optional<String> variant) {

  /** The platform of this machine. */
  public static Platform host() {
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return switch (machine) {
      case "amd64", "x86_64" -> new Platform("linux", "amd64", Optional.empty());
      case "aarch64", "arm64" -> new Platform("linux", "arm64", Optional.of("v8"));
      default -> new Platform("linux", machine, Optional.empty());
    };
  }

  @Override
  public String toString() {
    return os + "/" + architecture + variant.map(v -> "/" + v).orElse("");
  }
}
