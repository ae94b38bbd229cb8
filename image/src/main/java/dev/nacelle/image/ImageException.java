package dev.nacelle.image;

/** An image operation was refused or failed; the message is one line for a user. */
public final class ImageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ImageFault fault;

  public ImageException(ImageFault fault, String message) {
    super(message);
    this.fault = fault;
  }

  public ImageException(ImageFault fault, String message, Throwable cause) {
    super(message, cause);
    this.fault = fault;
  }

  public ImageFault fault() {
    return fault;
  }
}
