package dev.nacelle.apiserver.access;

/** The credentials shown are not good. The message is for the log; the client sees a plain 401. */
public final class InvalidCredentialsException extends Exception {
  private static final long serialVersionUID = 1L;

  public InvalidCredentialsException(String message) {
    super(message);
  }
}
