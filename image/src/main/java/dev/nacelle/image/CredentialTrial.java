package dev.nacelle.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Does something in a registry with each credential that fits, until the registry takes one. */
final class CredentialTrial {
  private CredentialTrial() {}

  /** What is to be done. */
  @FunctionalInterface
  interface Attempt<T> {
    T with(Optional<Credential> credential) throws InterruptedException;
  }

  static <T> T first(PullSecrets secrets, ImageReference reference, Attempt<T> attempt)
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
        if (e.fault() != ImageFault.UNAUTHORIZED || i + 1 == candidates.size()) {
          throw e;
        }
      }
    }
  }
}
