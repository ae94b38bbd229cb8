package dev.nacelle.api.kinds;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;

/** Upstream's own data, which is not part of the project; a test that needs it skips without. */
final class Targets {
  private static final Path ROOT =
      Optional.ofNullable(System.getenv("NACELLE_TARGETS"))
          .map(Path::of)
          .orElse(Path.of("..", "..", "shared", "targets"));

  private Targets() {}

  static Path file(String name) {
    Path path = ROOT.resolve(name);
    Assumptions.assumeTrue(
        Files.exists(path), "upstream's data is absent (set NACELLE_TARGETS): " + name);
    return path;
  }

  static JsonObject json(String name) throws IOException {
    Path path = file(name);
    try (InputStream raw = Files.newInputStream(path);
        InputStream in = name.endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      return JsonReader.readObject(Bytes.wrap(in.readAllBytes()));
    }
  }
}
