package dev.nacelle.network;

/** The datapath could not do what was asked; the message says what and why, fit for an event. */
public final class DatapathException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DatapathException(String message) {
    super(message);
  }

  public DatapathException(String message, Throwable cause) {
    super(message, cause);
  }
}
