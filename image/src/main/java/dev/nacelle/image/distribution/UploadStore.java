package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.Headers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;

/** The uploads under way, bounded in number and age. Safe for any thread. */
final class UploadStore {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final String REPOSITORY = "repository";
  private static final String DATA = "data";

  private final ContentStore content;
  private final RegistryLimits limits;
  private final Clock clock;
  private final ConcurrentMap<String, UploadSession> sessions = new ConcurrentHashMap<>();
  private final Semaphore room;

  private UploadStore(ContentStore content, RegistryLimits limits, Clock clock) {
    this.content = content;
    this.limits = limits;
    this.clock = clock;
    room = new Semaphore(limits.uploads());
  }

  /** Finds the uploads that were under way when the process ended. */
  static UploadStore open(ContentStore content, RegistryLimits limits, Clock clock)
      throws IOException {
    var store = new UploadStore(content, limits, clock);
    Path uploads = content.layout().uploads();
    RegistryLayout.makeDirectories(uploads);
    RegistryLayout.forEach(uploads, store::load);
    store.expire();
    return store;
  }

  private void load(Path directory) throws IOException {
    String id = String.valueOf(directory.getFileName());
    Path owner = directory.resolve(REPOSITORY);
    Path data = directory.resolve(DATA);
    Optional<RepositoryName> repository =
        Files.isRegularFile(owner) && Files.size(owner) < 1024
            ? RepositoryName.parse(Files.readString(owner))
            : Optional.empty();
    if (repository.isEmpty()
        || !ID.matcher(id).matches()
        || !Files.isRegularFile(data)
        || !room.tryAcquire()) {
      remove(directory);
      return;
    }
    UploadSession session = session(id, repository.get(), data, ContentDigest.Algorithm.SHA256);
    content.meter().found(repository.get(), session.sizeBytes());
    content.meter().foundTotal(session.sizeBytes());
    sessions.put(id, session);
  }

  private UploadSession session(
      String id, RepositoryName repository, Path data, ContentDigest.Algorithm algorithm)
      throws IOException {
    return new UploadSession(id, repository, data, content, limits, clock, algorithm);
  }

  /**
   * Begins an upload.
   *
   * @param algorithm what the client will probably name the blob by
   */
  UploadSession begin(RepositoryName repository, ContentDigest.Algorithm algorithm)
      throws IOException {
    if (!room.tryAcquire()) {
      expire();
      if (!room.tryAcquire()) {
        throw new RegistryException(
            ErrorCode.TOOMANYREQUESTS,
            429,
            "%d uploads are under way, the most there may be; finish or cancel some"
                .formatted(limits.uploads()),
            Headers.of("retry-after", "10"));
      }
    }
    boolean begun = false;
    String id = UUID.randomUUID().toString();
    Path directory = content.layout().uploads().resolve(id);
    try {
      Files.createDirectory(directory);
      Path data = Files.createFile(directory.resolve(DATA));
      Files.setLastModifiedTime(data, FileTime.from(clock.instant()));
      DurableFiles.writeAtomically(
          directory.resolve(REPOSITORY), Bytes.utf8(repository.value()), DurableFiles.Mode.OWNER);
      DurableFiles.syncDirectory(content.layout().uploads());
      UploadSession session = session(id, repository, data, algorithm);
      sessions.put(id, session);
      begun = true;
      return session;
    } finally {
      if (!begun) {
        room.release();
        remove(directory);
      }
    }
  }

  /**
   * @throws RegistryException if the repository has no such upload
   */
  UploadSession find(RepositoryName repository, String id) throws RegistryException {
    UploadSession session = sessions.get(id);
    if (session == null || !session.repository().equals(repository) || session.hasEnded()) {
      throw unknown(repository);
    }
    return session;
  }

  static RegistryException unknown(RepositoryName repository) {
    return new RegistryException(
        ErrorCode.BLOB_UPLOAD_UNKNOWN, "no such upload to " + repository + "; begin a new one");
  }

  /** Forgets an upload that the caller holds, whether it became a blob or not. */
  void drop(UploadSession session) throws IOException {
    if (sessions.remove(session.id()) == null) {
      return;
    }
    if (!session.hasEnded()) {
      session.end();
    }
    room.release();
    remove(session.directory());
  }

  /** Drops uploads that nobody goes on with. */
  void expire() throws IOException {
    var oldest = clock.instant().minus(limits.uploadAge());
    for (UploadSession session : sessions.values()) {
      Optional<KeyedLocks.Held> held = session.tryHold();
      if (held.isPresent()) {
        try (var hold = held.get()) {
          if (!session.hasEnded() && session.lastWrite().isBefore(oldest)) {
            drop(session);
          }
        }
      }
    }
  }

  int count() {
    return sessions.size();
  }

  private static void remove(Path directory) throws IOException {
    RegistryLayout.forEach(directory, Files::deleteIfExists);
    Files.deleteIfExists(directory);
  }
}
