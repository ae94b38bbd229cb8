package dev.nacelle.node.pod;

import dev.nacelle.node.start.ConfigurationException;
import java.io.IOException;

/** One thing that a pod needs before its containers start. Called by the pod's worker alone. */
interface PodStep {

  /**
   * Makes it, or brings it up to date. Idempotent.
   *
   * @throws ConfigurationException if the pod's specification cannot be met now; the worker tries
   *     again later
   */
  void prepare(PodContext context) throws ConfigurationException, IOException;

  /** Whether it was made, by this worker, and needs no more. */
  boolean isPrepared(PodContext context);

  /** Whether it needs nothing of the steps before it and may be made beside them. */
  default boolean isIndependent(PodContext context) {
    return false;
  }

  /** Undoes {@link #prepare}, also what an earlier process made; nothing there is a success. */
  void cleanup(PodContext context) throws IOException;
}
