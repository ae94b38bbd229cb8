package dev.nacelle.cli;

/** A verb failed; the message is the one line that the user sees. */
public final class VerbException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /** A failure with the exit code 1. */
  public VerbException(String message) {
    this(message, 1);
  }

  /**
   * @param exitCode 1 for a failure, 2 for wrong usage
   */
  public VerbException(String message, int exitCode) {
    super(message);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
