package dev.nacelle.image.distribution;

import java.util.Optional;

/**
 * Hears of manifests that were stored. Called one after another on a thread of the registry, after
 * the client had its answer; it may take its time. At most once for a push: what waits when the
 * process ends, or when too many wait, is not told.
 */
@FunctionalInterface
public interface PushListener {
  /** Nobody listens. */
  PushListener NONE = push -> {};

  /** A manifest that is stored. */
  record Push(
      RepositoryName repository, ContentDigest digest, String mediaType, Optional<String> tag) {}

  void pushed(Push push) throws Exception;
}
