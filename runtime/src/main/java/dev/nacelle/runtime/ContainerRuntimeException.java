package dev.nacelle.runtime;

/** A runtime call failed. The message reads "cannot WHAT: WHY", one line. */
public final class ContainerRuntimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller does differently. */
  public enum Reason {
    /** The sandbox or container is not there. */
    NOT_FOUND,
    /** The request itself is wrong: repeating it cannot help. */
    INVALID,
    /** The container is not in a state that allows the call. */
    WRONG_STATE,
    /** The container's command cannot be executed (no such file, not executable, ...). */
    START_FAILED,
    /** The keeper or monitor does not answer; it is being replaced: try again. */
    UNAVAILABLE,
    /** The kernel or the OCI runtime refused. */
    FAILED
  }

  private final Reason reason;

  public ContainerRuntimeException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public ContainerRuntimeException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
