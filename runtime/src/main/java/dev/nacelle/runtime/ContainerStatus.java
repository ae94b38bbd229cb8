package dev.nacelle.runtime;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A container as it is.
 *
 * @param pid of the first process on the host while RUNNING
 * @param firstOutputAt when the first byte of output was logged
 * @param exit how it ended; present exactly when EXITED
 * @param attempt as in its specification
 * @param labels as in its specification
 */
public record ContainerStatus(
    String id,
    String sandboxId,
    State state,
    OptionalInt pid,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<Instant> firstOutputAt,
    Optional<Exit> exit,
    Path logPath,
    int attempt,
    Map<String, String> labels) {

  /** The life of a container, in this order. */
  public enum State {
    CREATED,
    RUNNING,
    EXITED
  }

  /** Why it ended, in the words of a container status. */
  public enum ExitReason {
    COMPLETED("Completed"),
    ERROR("Error"),
    OOM_KILLED("OOMKilled"),
    /** The command could not be executed; the code is 128. */
    START_ERROR("StartError"),
    /** It ended while nobody could see how (a reboot); the code is 255. */
    UNKNOWN("ContainerStatusUnknown");

    private final String word;

    ExitReason(String word) {
      this.word = word;
    }

    /** As Kubernetes spells it in {@code state.terminated.reason}. */
    public String word() {
      return word;
    }
  }

  /**
   * @param code the exit code; 128 + signal for a process that a signal ended
   * @param signal the signal that ended it
   * @param message one line for a person; empty where there is nothing to say
   */
  public record Exit(
      int code, OptionalInt signal, ExitReason reason, String message, Instant finishedAt) {}

  public ContainerStatus {
    labels = Map.copyOf(labels);
  }
}
