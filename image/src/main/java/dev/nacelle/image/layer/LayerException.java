package dev.nacelle.image.layer;

import java.io.IOException;

/** A layer that is malformed, hostile or beyond the bounds; nothing of it is kept. */
public final class LayerException extends IOException {
  private static final long serialVersionUID = 1L;

  public LayerException(String message) {
    super(message);
  }

  LayerException(String message, Throwable cause) {
    super(message, cause);
  }
}
