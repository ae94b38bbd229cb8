package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;

/**
 * The snapshot that a chunked list was to go on in is gone; the list may go on in the newest state
 * with another token, which the body of the 410 carries.
 */
public final class ContinueExpiredException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String token;

  ContinueExpiredException(String token) {
    super("continue token expired");
    this.token = token;
  }

  /** With which the list goes on, inconsistently. */
  public String token() {
    return token;
  }

  public Status status() {
    return toApiException().status();
  }

  public ApiException toApiException() {
    return ApiException.expired(
        "The provided continue parameter is too old to display a consistent list result. You can"
            + " start a new list without the continue parameter, or use the continue token in this"
            + " response to retrieve the remainder of the results. Continuing with the provided"
            + " token results in an inconsistent list - objects that were created, modified, or"
            + " deleted between the time the first chunk was returned and now may show up in the"
            + " list.");
  }
}
