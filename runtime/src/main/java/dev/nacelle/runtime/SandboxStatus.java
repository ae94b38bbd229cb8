package dev.nacelle.runtime;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A sandbox as it is.
 *
 * @param networkNamespace a path that stays valid as long as the sandbox, also across restarts of
 *     every process of ours: open it for setns(2) or netlink; empty with HOST_NETWORK
 * @param labels as in its specification
 */
public record SandboxStatus(
    String id,
    State state,
    Optional<Path> networkNamespace,
    Instant createdAt,
    Map<String, String> labels) {

  /** NOT_READY: its namespaces are gone (a reboot) or it was stopped; make another attempt. */
  public enum State {
    READY,
    NOT_READY
  }

  public SandboxStatus {
    labels = Map.copyOf(labels);
  }
}
