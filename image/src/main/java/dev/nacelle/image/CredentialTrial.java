package dev.nacelle.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Does something in a registry with each credential that fits, until the registry takes one. */
final class CredentialTrial {
  private CredentialTrial() {}

  /** What is to be done. */
  @FunctionalInterface
  interface Attempt<T> {
    T with(Optional<Credential> credential) throws InterruptedException;
  }

  /** The next credential is tried where this one may not. */
  static <T> T first(PullSecrets secrets, ImageReference reference, Attempt<T> attempt)
      throws InterruptedException {
    return first(secrets, reference, Set.of(ImageFault.UNAUTHORIZED), attempt);
  }

  /**
   * @param another the faults after which the next credential is tried
   */
  static <T> T first(
      PullSecrets secrets, ImageReference reference, Set<ImageFault> another, Attempt<T> attempt)
      throws InterruptedException {
    List<Optional<Credential>> candidates = new ArrayList<>();
    secrets.forImage(reference).forEach(c -> candidates.add(Optional.of(c)));
    if (candidates.isEmpty()) {
      candidates.add(Optional.empty());
    }
    for (int i = 0; ; i++) {
      try {
        return attempt.with(candidates.get(i));
      } catch (ImageException e) {
        if (!another.contains(e.fault()) || i + 1 == candidates.size()) {
          throw e;
        }
      }
    }
  }
}
