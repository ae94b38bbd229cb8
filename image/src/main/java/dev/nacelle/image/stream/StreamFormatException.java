package dev.nacelle.image.stream;

import java.io.IOException;

/** An index, a referrer or a blob of the streaming form that is malformed or beyond the bounds. */
public final class StreamFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  public StreamFormatException(String message) {
    super(message);
  }
}
