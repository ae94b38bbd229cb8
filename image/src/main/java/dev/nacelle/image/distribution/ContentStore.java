package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.Headers;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Content by digest, and the links of repositories to it. Whoever changes a repository holds its
 * lock ({@link #lock}); content itself is guarded here. Safe for any thread.
 */
final class ContentStore {
  /** Content is not touched again within this time: each touch is a write to the disk. */
  private final Duration touchEvery;

  private final RegistryLayout layout;
  private final RegistryLimits limits;
  private final SpaceMeter meter;
  private final Clock clock;
  private final KeyedLocks contentLocks = new KeyedLocks();
  private final KeyedLocks repositoryLocks = new KeyedLocks();
  private final ConcurrentSkipListSet<RepositoryName> repositories = new ConcurrentSkipListSet<>();

  ContentStore(RegistryLayout layout, RegistryLimits limits, SpaceMeter meter, Clock clock) {
    this.layout = layout;
    this.limits = limits;
    this.meter = meter;
    this.clock = clock;
    // shorter than the grace time, so that what was passed over as just touched is young enough
    Duration quarter = limits.grace().dividedBy(4);
    touchEvery = quarter.compareTo(Duration.ofMinutes(1)) < 0 ? quarter : Duration.ofMinutes(1);
  }

  RegistryLayout layout() {
    return layout;
  }

  SpaceMeter meter() {
    return meter;
  }

  KeyedLocks.Held lock(RepositoryName repository) {
    return repositoryLocks.hold(repository);
  }

  /** The repositories that hold something, a live view in their order. */
  SortedSet<RepositoryName> repositories() {
    return repositories;
  }

  /** Makes a repository known; with its lock held. */
  void enter(RepositoryName repository) throws RegistryException {
    if (!repositories.contains(repository) && repositories.size() >= limits.repositories()) {
      throw new RegistryException(
          ErrorCode.DENIED,
          507,
          "cannot make the repository %s: there are %d, the most there may be; delete some"
              .formatted(repository, limits.repositories()),
          Headers.EMPTY);
    }
    repositories.add(repository);
  }

  /**
   * The file of a blob of a repository.
   *
   * @throws RegistryException if there is none
   */
  Path blob(RepositoryName repository, ContentDigest digest) throws RegistryException {
    Path link = layout.blob(repository, digest);
    if (!Files.isRegularFile(link)) {
      throw repositories.contains(repository)
          ? new RegistryException(ErrorCode.BLOB_UNKNOWN, "no blob " + digest + " in " + repository)
          : unknown(repository);
    }
    return link;
  }

  boolean has(RepositoryName repository, ContentDigest digest) {
    return Files.isRegularFile(layout.blob(repository, digest));
  }

  static RegistryException unknown(RepositoryName repository) {
    return new RegistryException(ErrorCode.NAME_UNKNOWN, "no repository " + repository);
  }

  /** Notes that somebody is interested in content, which keeps it for the grace time. */
  void touch(Path file) throws IOException {
    Instant now = clock.instant();
    if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(touchEvery))
        || touchEvery.isZero()) {
      Files.setLastModifiedTime(file, FileTime.from(now));
    }
  }

  /** What came of an adoption: what of it was new. */
  record Adopted(boolean content, boolean link) {}

  /**
   * Takes over a whole, verified, synced file as a blob of a repository. What was claimed for it
   * and is not new, the caller releases.
   */
  Adopted adopt(RepositoryName repository, ContentDigest digest, Path file) throws IOException {
    try (var held = lock(repository);
        var guard = contentLocks.hold(digest)) {
      enter(repository);
      Path home = layout.content(digest);
      boolean fresh = !Files.exists(home);
      Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
      if (fresh) {
        RegistryLayout.makeDirectories(parent(home));
        Files.move(file, home, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.syncDirectory(parent(home));
      } else {
        touch(home);
      }
      return new Adopted(fresh, link(home, layout.blob(repository, digest)));
    }
  }

  /**
   * Gives a blob of one repository to another one too.
   *
   * @return false where the first has it not
   */
  boolean mount(RepositoryName from, RepositoryName to, ContentDigest digest) throws IOException {
    try (var held = lock(to);
        var guard = contentLocks.hold(digest)) {
      Path source = layout.blob(from, digest);
      if (!Files.isRegularFile(source)) {
        return false;
      }
      touch(source);
      Path target = layout.blob(to, digest);
      if (!Files.exists(target)) {
        enter(to);
        meter.claim(to, Files.size(source));
        linkClaimed(to, source, target);
      }
      return true;
    }
  }

  /** Stores a small piece of content as {@code target} of a repository whose lock is held. */
  void store(RepositoryName repository, ContentDigest digest, Bytes content, Path target)
      throws IOException {
    try (var guard = contentLocks.hold(digest)) {
      enter(repository);
      Path home = layout.content(digest);
      if (Files.exists(home)) {
        touch(home);
      } else {
        meter.claimTotal(content.sizeBytes());
        try {
          RegistryLayout.makeDirectories(parent(home));
          DurableFiles.writeAtomically(home, content, DurableFiles.Mode.OWNER);
          Files.setLastModifiedTime(home, FileTime.from(clock.instant()));
        } catch (IOException e) {
          if (!Files.exists(home)) {
            meter.releaseTotal(content.sizeBytes());
          }
          throw e;
        }
      }
      if (!Files.exists(target)) {
        meter.claim(repository, content.sizeBytes());
        linkClaimed(repository, home, target);
      }
    }
  }

  private void linkClaimed(RepositoryName repository, Path source, Path target) throws IOException {
    long sizeBytes = Files.size(source);
    boolean linked = false;
    try {
      linked = link(source, target);
    } finally {
      if (!linked) {
        meter.release(repository, sizeBytes);
      }
    }
  }

  private static boolean link(Path source, Path target) throws IOException {
    RegistryLayout.makeDirectories(parent(target));
    try {
      Files.createLink(target, source);
    } catch (FileAlreadyExistsException e) {
      return false;
    }
    DurableFiles.syncDirectory(parent(target));
    return true;
  }

  /** Takes content from a repository, whose lock is held; nothing happens where there is none. */
  void unlink(RepositoryName repository, Path link) throws IOException {
    if (Files.isRegularFile(link)) {
      long sizeBytes = Files.size(link);
      DurableFiles.delete(link);
      meter.release(repository, sizeBytes);
    }
  }

  /** True when content was not touched since. */
  static boolean isOlder(Path file, Instant since) throws IOException {
    return Files.getLastModifiedTime(file).toInstant().isBefore(since);
  }

  /**
   * Deletes content that no repository has, and that was not touched since.
   *
   * @return the freed bytes
   */
  long sweep(Instant since) throws IOException {
    long[] freed = {0};
    layout.forEachContent(
        file -> {
          Path algorithm = parent(parent(file)).getFileName();
          Optional<ContentDigest> digest =
              ContentDigest.parse(algorithm + ":" + file.getFileName());
          if (digest.isPresent()) {
            freed[0] += sweep(digest.get(), file, since);
          }
        });
    return freed[0];
  }

  private long sweep(ContentDigest digest, Path file, Instant since) throws IOException {
    try (var guard = contentLocks.hold(digest)) {
      if (((Number) Files.getAttribute(file, "unix:nlink")).intValue() > 1
          || !isOlder(file, since)) {
        return 0;
      }
      long sizeBytes = Files.size(file);
      DurableFiles.delete(file);
      meter.releaseTotal(sizeBytes);
      return sizeBytes;
    }
  }

  /** Deletes content at once that no repository has. */
  void discard(ContentDigest digest) throws IOException {
    Path file = layout.content(digest);
    if (Files.isRegularFile(file)) {
      sweep(digest, file, Instant.MAX);
    }
  }

  private static Path parent(Path file) {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no directory: " + file);
    }
    return parent;
  }
}
