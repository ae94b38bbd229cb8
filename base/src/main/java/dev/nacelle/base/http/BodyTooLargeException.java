package dev.nacelle.base.http;

import java.io.IOException;

/** A request or response body is larger than the reader allows; a server answers 413. */
public final class BodyTooLargeException extends IOException {
  private static final long serialVersionUID = 1L;

  public BodyTooLargeException(long maxBytes) {
    super("the body is larger than " + maxBytes + " bytes");
  }
}
