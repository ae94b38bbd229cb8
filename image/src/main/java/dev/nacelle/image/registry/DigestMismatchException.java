package dev.nacelle.image.registry;

import java.io.IOException;

/** Bytes that arrived are not the promised ones. */
public final class DigestMismatchException extends IOException {
  private static final long serialVersionUID = 1L;

  public DigestMismatchException(String message) {
    super(message);
  }
}
