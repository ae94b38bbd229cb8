package dev.nacelle.image.distribution;

import dev.nacelle.base.http.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One upload under way: a file that grows. What has arrived stays when the process is killed. One
 * request at a time works on it: the holder of its lock, which alone changes it.
 */
final class UploadSession {
  private static final int BUFFER_BYTES = 64 << 10;

  private final String id;
  private final RepositoryName repository;
  private final Path data;
  private final ContentStore content;
  private final RegistryLimits limits;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private ContentDigest.Algorithm algorithm;

  /** The digest of all that has arrived; null when it has to be read again for it. */
  private @Nullable MessageDigest running;

  private volatile long sizeBytes;
  private volatile boolean ended;

  UploadSession(
      String id,
      RepositoryName repository,
      Path data,
      ContentStore content,
      RegistryLimits limits,
      Clock clock,
      ContentDigest.Algorithm algorithm)
      throws IOException {
    this.id = id;
    this.repository = repository;
    this.data = data;
    this.content = content;
    this.limits = limits;
    this.clock = clock;
    this.algorithm = algorithm;
    sizeBytes = Files.size(data);
    running = sizeBytes == 0 ? algorithm.start() : null;
  }

  String id() {
    return id;
  }

  RepositoryName repository() {
    return repository;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  Path data() {
    return data;
  }

  Path directory() {
    Path parent = data.getParent();
    return parent == null ? data : parent;
  }

  boolean hasEnded() {
    return ended;
  }

  void end() {
    ended = true;
    content.meter().releaseNew(repository, sizeBytes);
  }

  /** Holds it for one request; empty where another one does for longer than {@code patience}. */
  Optional<KeyedLocks.Held> tryHold(Duration patience) throws InterruptedException {
    return lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)
        ? Optional.of(lock::unlock)
        : Optional.empty();
  }

  Optional<KeyedLocks.Held> tryHold() {
    return lock.tryLock() ? Optional.of(lock::unlock) : Optional.empty();
  }

  KeyedLocks.Held hold() {
    lock.lock();
    return lock::unlock;
  }

  Instant lastWrite() throws IOException {
    return Files.getLastModifiedTime(data).toInstant();
  }

  /**
   * Adds a body at the end. What has arrived before an error stays, unless it is too long.
   *
   * @param wantedBytes its length; negative when not announced
   */
  void append(InputStream body, long wantedBytes) throws IOException {
    long start = sizeBytes;
    try (FileChannel out = FileChannel.open(data, StandardOpenOption.WRITE)) {
      out.position(start);
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
        if (wantedBytes >= 0 && sizeBytes + count - start > wantedBytes) {
          cutTo(out, start);
          throw new RegistryException(
              ErrorCode.SIZE_INVALID,
              "the body is longer than the %d bytes announced".formatted(wantedBytes));
        }
        add(out, buffer, count);
      }
    } finally {
      Files.setLastModifiedTime(data, FileTime.from(clock.instant()));
    }
    if (wantedBytes >= 0 && sizeBytes - start != wantedBytes) {
      throw new RegistryException(
          ErrorCode.SIZE_INVALID,
          "the body has %d bytes, %d were announced".formatted(sizeBytes - start, wantedBytes));
    }
  }

  private void add(FileChannel out, byte[] buffer, int count) throws IOException {
    if (sizeBytes > limits.blobBytes() - count) {
      throw new RegistryException(
          ErrorCode.SIZE_INVALID,
          413,
          "a blob may have %d bytes at most".formatted(limits.blobBytes()),
          Headers.EMPTY);
    }
    content.meter().claimNew(repository, count);
    long before = sizeBytes;
    try {
      for (ByteBuffer rest = ByteBuffer.wrap(buffer, 0, count); rest.hasRemaining(); ) {
        out.write(rest);
      }
      sizeBytes = before + count;
    } finally {
      if (sizeBytes == before) {
        content.meter().releaseNew(repository, count);
        out.truncate(before);
      }
    }
    if (running != null) {
      running.update(buffer, 0, count);
    }
  }

  private void cutTo(FileChannel out, long length) throws IOException {
    out.truncate(length);
    content.meter().releaseNew(repository, sizeBytes - length);
    sizeBytes = length;
    running = length == 0 ? algorithm.start() : null;
  }

  /**
   * Makes the blob of it.
   *
   * @throws RegistryException if its digest is another one
   */
  void finish(ContentDigest expected) throws IOException {
    ContentDigest found = digest(expected.algorithm());
    if (!found.equals(expected)) {
      throw new RegistryException(
          ErrorCode.DIGEST_INVALID,
          "the content has the digest %s, not %s".formatted(found, expected));
    }
    try (FileChannel out = FileChannel.open(data, StandardOpenOption.WRITE)) {
      out.force(true);
    }
    ContentStore.Adopted adopted = content.adopt(repository, expected, data);
    ended = true;
    if (!adopted.content()) {
      content.meter().releaseTotal(sizeBytes);
    }
    if (!adopted.link()) {
      content.meter().release(repository, sizeBytes);
    }
  }

  private ContentDigest digest(ContentDigest.Algorithm wanted) throws IOException {
    MessageDigest present = running;
    if (present != null && wanted == algorithm) {
      running = null;
      return algorithm.of(present.digest());
    }
    MessageDigest digest = wanted.start();
    try (FileChannel in = FileChannel.open(data, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
      while (in.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
    }
    return wanted.of(digest.digest());
  }
}
