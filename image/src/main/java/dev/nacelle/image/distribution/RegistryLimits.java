package dev.nacelle.image.distribution;

import java.time.Duration;

/**
 * The bounds of a registry.
 *
 * @param blobBytes of one blob
 * @param totalBytes of all content and all uploads under way, each content counted once
 * @param namespaceBytes of one namespace (the first component of a repository's name): content
 *     counted once for each of its repositories, and its uploads under way
 * @param repositories there may be
 * @param uploads under way
 * @param uploadAge an upload that got no byte for so long is dropped
 * @param requests answered at once; more are told to come again
 * @param grace content that no manifest names is kept for so long after it was last pushed or asked
 *     for; so are the blobs of a manifest that was deleted
 * @param untagged what becomes of manifests that no tag leads to
 * @param cacheKeep content of another registry is kept for so long after it was last asked for
 */
public record RegistryLimits(
    long blobBytes,
    long totalBytes,
    long namespaceBytes,
    int repositories,
    int uploads,
    Duration uploadAge,
    int requests,
    Duration grace,
    Untagged untagged,
    Duration cacheKeep) {
  /** By the distribution specification a registry must take at least this much. */
  static final int MANIFEST_BYTES = 4 << 20;

  public static final RegistryLimits DEFAULT =
      new RegistryLimits(
          64L << 30,
          Long.MAX_VALUE,
          Long.MAX_VALUE,
          20_000,
          1_000,
          Duration.ofHours(24),
          256,
          Duration.ofHours(2),
          Untagged.KEPT,
          Duration.ofDays(7));

  /** What garbage collection does with a manifest that no tag leads to, and no other manifest. */
  public enum Untagged {
    /** It stays until somebody deletes it. */
    KEPT,
    /** It goes after the grace time. */
    COLLECTED
  }

  public RegistryLimits {
    if (blobBytes < 1
        || totalBytes < 1
        || namespaceBytes < 1
        || repositories < 1
        || uploads < 1
        || requests < 1
        || !uploadAge.isPositive()
        || grace.isNegative()
        || !cacheKeep.isPositive()) {
      throw new IllegalArgumentException("the limits of a registry must be positive");
    }
  }

  public RegistryLimits withQuotas(long newTotalBytes, long newNamespaceBytes) {
    return new RegistryLimits(
        blobBytes,
        newTotalBytes,
        newNamespaceBytes,
        repositories,
        uploads,
        uploadAge,
        requests,
        grace,
        untagged,
        cacheKeep);
  }

  public RegistryLimits withGarbage(Duration newGrace, Untagged newUntagged) {
    return new RegistryLimits(
        blobBytes,
        totalBytes,
        namespaceBytes,
        repositories,
        uploads,
        uploadAge,
        requests,
        newGrace,
        newUntagged,
        cacheKeep);
  }

  public RegistryLimits withUploads(int newUploads, Duration newUploadAge) {
    return new RegistryLimits(
        blobBytes,
        totalBytes,
        namespaceBytes,
        repositories,
        newUploads,
        newUploadAge,
        requests,
        grace,
        untagged,
        cacheKeep);
  }

  public RegistryLimits withCacheKeep(Duration newCacheKeep) {
    return new RegistryLimits(
        blobBytes,
        totalBytes,
        namespaceBytes,
        repositories,
        uploads,
        uploadAge,
        requests,
        grace,
        untagged,
        newCacheKeep);
  }
}
