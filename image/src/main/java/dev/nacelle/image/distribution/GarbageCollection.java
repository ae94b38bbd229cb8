package dev.nacelle.image.distribution;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes away what nothing leads to. It marks without any lock and sweeps with the repository's:
 * whatever was pushed or named in between was touched, and so is younger than the grace time.
 * Whoever reads a file that goes reads on: the bytes stay until the last one closes it.
 */
final class GarbageCollection {
  private static final Logger LOG = LoggerFactory.getLogger(GarbageCollection.class);

  private final ContentStore content;
  private final ManifestStore manifests;
  private final Origins origins;
  private final RegistryLimits limits;
  private final Clock clock;

  GarbageCollection(
      ContentStore content,
      ManifestStore manifests,
      Origins origins,
      RegistryLimits limits,
      Clock clock) {
    this.content = content;
    this.origins = origins;
    this.manifests = manifests;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Collects once.
   *
   * @return the bytes that were freed on the disk
   */
  long collect() throws IOException {
    Instant since = clock.instant().minus(limits.grace());
    for (RepositoryName repository : List.copyOf(content.repositories())) {
      try {
        if (origins.has(repository)) {
          expire(repository, clock.instant().minus(limits.cacheKeep()));
        } else {
          collect(repository, since);
        }
      } catch (RegistryException e) {
        // what cannot be read cannot be followed: better too much stays
        LOG.error("cannot collect garbage in {}: a manifest is damaged", repository, e);
      }
    }
    return content.sweep(since);
  }

  private void collect(RepositoryName repository, Instant since) throws IOException {
    RegistryLayout layout = content.layout();
    List<ContentDigest> tagged = manifests.taggedDigests(repository);
    var documents = new HashMap<ContentDigest, ManifestDocument>();
    RegistryLayout.forEachDigest(
        layout.manifests(repository),
        (digest, path) -> {
          try {
            documents.put(digest, manifests.document(repository, digest));
          } catch (NoSuchFileException e) {
            LOG.debug("{} was deleted meanwhile", digest, e);
          }
        });
    LiveContent live = LiveContent.of(tagged, documents, limits.untagged());
    try (var held = content.lock(repository)) {
      for (ContentDigest digest : documents.keySet()) {
        Path file = layout.manifest(repository, digest);
        if (!live.manifests().contains(digest)
            && Files.isRegularFile(file)
            && ContentStore.isOlder(file, since)) {
          manifests.remove(repository, digest);
        }
      }
      RegistryLayout.forEachDigest(
          layout.blobs(repository),
          (digest, path) -> {
            if (!live.blobs().contains(digest) && ContentStore.isOlder(path, since)) {
              content.unlink(repository, path);
            }
          });
      forgetEmpty(repository);
    }
  }

  /** Of a cache goes what nobody has asked for in a long time: it can be had again. */
  private void expire(RepositoryName repository, Instant since) throws IOException {
    RegistryLayout layout = content.layout();
    try (var held = content.lock(repository)) {
      RegistryLayout.forEachDigest(
          layout.manifests(repository),
          (digest, file) -> {
            if (ContentStore.isOlder(file, since)) {
              manifests.remove(repository, digest);
            }
          });
      RegistryLayout.forEachDigest(
          layout.blobs(repository),
          (digest, file) -> {
            if (ContentStore.isOlder(file, since)) {
              content.unlink(repository, file);
            }
          });
      forgetEmpty(repository);
    }
  }

  private void forgetEmpty(RepositoryName repository) throws IOException {
    RegistryLayout layout = content.layout();
    if (RegistryLayout.isEmpty(layout.blobs(repository))
        && RegistryLayout.isEmpty(layout.manifests(repository))) {
      content.repositories().remove(repository);
    }
  }
}
