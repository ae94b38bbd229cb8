package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.image.stream.AccessTrace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The traces of the starts that this host has seen, by the digest of the image's manifest: also for
 * images whose registry takes none. They outlive their images for a week, because it is the next
 * pull that needs them; the oldest go first. Safe for any thread.
 */
final class KeptTraces {
  static final int MOST = 256;
  static final Duration WITHOUT_IMAGE = Duration.ofDays(7);

  /** Beside a trace, or where it would be: the next cold start is written down as if none were. */
  private static final String ANEW = ".anew";

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

  /** When the trace was written, if there is one. */
  Optional<Instant> written(String manifest) {
    Path file = layout.trace(manifest);
    return Files.exists(file) ? Optional.of(age(file).toInstant()) : Optional.empty();
  }

  /** Keeps a trace; a recording that was asked for is done by that. */
  void keep(String manifest, AccessTrace trace) throws IOException {
    write(layout.trace(manifest), trace.toBytes());
    Files.deleteIfExists(anew(manifest));
  }

  /** Drops a trace, and whatever was asked for it; whether there was one. */
  boolean drop(String manifest) throws IOException {
    Files.deleteIfExists(anew(manifest));
    return Files.deleteIfExists(layout.trace(manifest));
  }

  /** Drops the trace, and has the next cold start written down as if nothing were known. */
  void recordAnew(String manifest) throws IOException {
    write(anew(manifest), Bytes.utf8(""));
    Files.deleteIfExists(layout.trace(manifest));
  }

  boolean isToBeRecorded(String manifest) {
    return Files.exists(anew(manifest));
  }

  private Path anew(String manifest) {
    return layout.traces().resolve(StoreLayout.hex(manifest) + ANEW);
  }

  private void write(Path file, Bytes content) throws IOException {
    DurableFiles.writeAtomically(file, content, DurableFiles.Mode.OWNER, layout.temporary());
    try (Stream<Path> all = Files.list(layout.traces())) {
      for (Path old :
          all.sorted(Comparator.comparing(KeptTraces::age).reversed()).skip(MOST).toList()) {
        Files.deleteIfExists(old);
      }
    }
  }

  /**
   * Removes what belongs to images that are gone since long.
   *
   * @param manifests digests of the manifests of the images that are here
   */
  void forgetGone(Set<String> manifests, Instant now) throws IOException {
    Set<String> here = manifests.stream().map(StoreLayout::hex).collect(Collectors.toSet());
    FileTime since = FileTime.from(now.minus(WITHOUT_IMAGE));
    try (Stream<Path> all = Files.list(layout.traces())) {
      for (Path file : all.toList()) {
        String name = String.valueOf(file.getFileName()).replace(ANEW, "");
        if (!here.contains(name) && age(file).compareTo(since) < 0) {
          Files.deleteIfExists(file);
        }
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
