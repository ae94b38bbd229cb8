package dev.nacelle.image.stream;

import java.io.IOException;

/** A source does not have what it was asked for now; it is asked again as any other. */
public final class ChunkAbsentException extends IOException {
  private static final long serialVersionUID = 1L;

  public ChunkAbsentException(String message) {
    super(message);
  }
}
