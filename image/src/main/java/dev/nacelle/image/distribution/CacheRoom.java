package dev.nacelle.image.distribution;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Makes room within the quotas for what is to be cached: takes away cached content, what was used
 * last the longest time ago first. What was pushed is never taken. Safe for any thread.
 */
final class CacheRoom {
  private final Origins origins;
  private final ContentStore content;
  private final ManifestStore manifests;
  private final ReentrantLock lock = new ReentrantLock();

  CacheRoom(Origins origins, ContentStore content, ManifestStore manifests) {
    this.origins = origins;
    this.content = content;
    this.manifests = manifests;
  }

  private record Cached(
      RepositoryName repository, ContentDigest digest, Path file, Instant used, boolean manifest) {}

  /** Makes room where it lacks; whether it sufficed, the claim of the space will say. */
  void make(RepositoryName repository, long sizeBytes) throws IOException {
    if (content.meter().hasRoom(repository, sizeBytes)) {
      return;
    }
    lock.lock();
    try {
      for (Cached oldest : byLastUse()) {
        if (content.meter().hasRoom(repository, sizeBytes)) {
          return;
        }
        drop(oldest);
      }
    } finally {
      lock.unlock();
    }
  }

  private void drop(Cached cached) throws IOException {
    try (var held = content.lock(cached.repository())) {
      if (!Files.isRegularFile(cached.file())) {
        return;
      }
      if (cached.manifest()) {
        manifests.remove(cached.repository(), cached.digest());
      } else {
        content.unlink(cached.repository(), cached.file());
      }
    }
    content.discard(cached.digest());
  }

  private List<Cached> byLastUse() throws IOException {
    var all = new ArrayList<Cached>();
    RegistryLayout layout = content.layout();
    for (RepositoryName repository : List.copyOf(content.repositories())) {
      if (origins.has(repository)) {
        RegistryLayout.forEachDigest(
            layout.blobs(repository), (digest, file) -> add(all, repository, digest, file, false));
        RegistryLayout.forEachDigest(
            layout.manifests(repository),
            (digest, file) -> add(all, repository, digest, file, true));
      }
    }
    all.sort(Comparator.comparing(Cached::used));
    return all;
  }

  private static void add(
      List<Cached> all,
      RepositoryName repository,
      ContentDigest digest,
      Path file,
      boolean manifest)
      throws IOException {
    try {
      all.add(
          new Cached(
              repository, digest, file, Files.getLastModifiedTime(file).toInstant(), manifest));
    } catch (NoSuchFileException e) {
      return; // gone meanwhile
    }
  }
}
