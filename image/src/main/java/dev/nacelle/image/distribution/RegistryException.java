package dev.nacelle.image.distribution;

import dev.nacelle.base.http.Headers;
import java.io.IOException;

/** The registry refuses; what a client is told. */
public final class RegistryException extends IOException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final int status;
  private final transient Headers headers;

  RegistryException(ErrorCode code, String message) {
    this(code, code.status(), message, Headers.EMPTY);
  }

  RegistryException(ErrorCode code, int status, String message, Headers headers) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }

  public ErrorCode code() {
    return code;
  }

  /** The status of HTTP that goes with it. */
  public int status() {
    return status;
  }

  Headers headers() {
    return headers;
  }
}
