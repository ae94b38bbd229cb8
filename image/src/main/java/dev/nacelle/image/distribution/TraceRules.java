package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.util.Optional;

/**
 * What the right to lay traces beside images comes to, told by whoever knows what a trace is. It is
 * less than the right to push: nothing that is stored by it may change what an image is. Safe for
 * any thread.
 */
public interface TraceRules {
  /** There are no traces here, so the right to them allows nothing. */
  TraceRules NONE = new NoTraces();

  /** Whether manifests of this artifact type are traces, as far as the type says. */
  boolean isTrace(String artifactType);

  /** No blob of a trace is larger. */
  long mostBlobBytes();

  /**
   * Why a manifest may not be stored by who has the right to traces alone; empty if it may.
   *
   * @param manifest of a type of trace, whose subject is in the repository
   */
  Optional<String> objection(RegistryContent content, RepositoryName repository, Bytes manifest)
      throws IOException;
}
