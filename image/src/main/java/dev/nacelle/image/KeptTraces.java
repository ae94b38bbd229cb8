package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.image.stream.AccessTrace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The traces of the starts that this host has seen, by the digest of the image's manifest: also for
 * images whose registry takes none. They outlive their images; the oldest go first.
 */
final class KeptTraces {
  private static final int MOST = 256;

  private final StoreLayout layout;

  KeptTraces(StoreLayout layout) throws IOException {
    this.layout = layout;
    Files.createDirectories(layout.traces());
  }

  Optional<AccessTrace> find(String manifest) {
    try {
      Bytes bytes = Bytes.wrap(Files.readAllBytes(layout.trace(manifest)));
      return Optional.of(AccessTrace.parse(bytes));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // of a later version, or damaged: it is written anew
    }
  }

  void keep(String manifest, AccessTrace trace) throws IOException {
    DurableFiles.writeAtomically(
        layout.trace(manifest), trace.toBytes(), DurableFiles.Mode.OWNER, layout.temporary());
    try (Stream<Path> all = Files.list(layout.traces())) {
      for (Path old :
          all.sorted(Comparator.comparing(KeptTraces::age).reversed()).skip(MOST).toList()) {
        Files.deleteIfExists(old);
      }
    }
  }

  private static FileTime age(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }
}
