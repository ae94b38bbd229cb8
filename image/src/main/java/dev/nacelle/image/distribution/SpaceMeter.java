package dev.nacelle.image.distribution;

import dev.nacelle.base.http.Headers;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts bytes against the quotas. Safe for any thread. */
final class SpaceMeter {
  private final RegistryLimits limits;
  private final TreeMap<String, Long> namespaces = new TreeMap<>();
  private long total;

  SpaceMeter(RegistryLimits limits) {
    this.limits = limits;
  }

  /**
   * Counts more bytes of a namespace.
   *
   * @throws RegistryException if they are more than it may have; nothing is counted then
   */
  synchronized void claim(RepositoryName repository, long sizeBytes) throws RegistryException {
    String namespace = repository.namespace();
    long held = namespaces.getOrDefault(namespace, 0L);
    if (held > limits.namespaceBytes() - sizeBytes) {
      throw new RegistryException(
          ErrorCode.DENIED,
          413,
          "cannot store %d bytes in %s: the quota of the namespace is %d bytes, %d are used; delete images of it"
              .formatted(sizeBytes, namespace, limits.namespaceBytes(), held),
          Headers.EMPTY);
    }
    add(namespace, sizeBytes);
  }

  /** Whether so many bytes, new on the disk, are within the quotas. */
  synchronized boolean hasRoom(RepositoryName repository, long sizeBytes) {
    return total <= limits.totalBytes() - sizeBytes
        && namespaces.getOrDefault(repository.namespace(), 0L)
            <= limits.namespaceBytes() - sizeBytes;
  }

  /** Counts more bytes on the disk. */
  synchronized void claimTotal(long sizeBytes) throws RegistryException {
    if (total > limits.totalBytes() - sizeBytes) {
      throw new RegistryException(
          ErrorCode.DENIED,
          507,
          "cannot store %d bytes: the registry's quota is %d bytes, %d are used; delete images and let garbage be collected"
              .formatted(sizeBytes, limits.totalBytes(), total),
          Headers.EMPTY);
    }
    total += sizeBytes;
  }

  /** Counts more bytes of a namespace that are new on the disk too: both, or neither. */
  synchronized void claimNew(RepositoryName repository, long sizeBytes) throws RegistryException {
    claim(repository, sizeBytes);
    try {
      claimTotal(sizeBytes);
    } catch (RegistryException e) {
      release(repository, sizeBytes);
      throw e;
    }
  }

  /** Takes {@link #claimNew} back. */
  synchronized void releaseNew(RepositoryName repository, long sizeBytes) {
    release(repository, sizeBytes);
    releaseTotal(sizeBytes);
  }

  /** Counts what is there already. */
  synchronized void found(RepositoryName repository, long sizeBytes) {
    add(repository.namespace(), sizeBytes);
  }

  synchronized void foundTotal(long sizeBytes) {
    total += sizeBytes;
  }

  synchronized void release(RepositoryName repository, long sizeBytes) {
    add(repository.namespace(), -sizeBytes);
  }

  synchronized void releaseTotal(long sizeBytes) {
    total -= sizeBytes;
  }

  private void add(String namespace, long sizeBytes) {
    if (namespaces.merge(namespace, sizeBytes, Long::sum) == 0) {
      namespaces.remove(namespace);
    }
  }

  synchronized long totalBytes() {
    return total;
  }

  synchronized SortedMap<String, Long> namespaceBytes() {
    return new TreeMap<>(namespaces);
  }
}
