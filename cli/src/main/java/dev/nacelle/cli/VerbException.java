package dev.nacelle.cli;

/** A verb failed; the message is the one line that the user sees, the exit code is 1. */
public final class VerbException extends Exception {
  private static final long serialVersionUID = 1L;

  public VerbException(String message) {
    super(message);
  }
}
