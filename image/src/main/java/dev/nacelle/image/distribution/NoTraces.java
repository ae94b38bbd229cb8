package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import java.util.Optional;

/** See {@link TraceRules#NONE}. */
final class NoTraces implements TraceRules {
  @Override
  public boolean isTrace(String artifactType) {
    return false;
  }

  @Override
  public long mostBlobBytes() {
    return 0;
  }

  @Override
  public Optional<String> objection(
      RegistryContent content, RepositoryName repository, Bytes manifest) {
    return Optional.of("there are no traces in this registry");
  }
}
