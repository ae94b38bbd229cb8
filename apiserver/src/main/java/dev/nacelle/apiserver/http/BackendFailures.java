package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.base.http.HttpExchange;
import java.io.IOException;
import java.util.function.Function;

/** What clients are told when a server behind this one does not answer. */
final class BackendFailures {
  private BackendFailures() {}

  /** A failure without a reason, as upstream reports errors that are none of the API's own. */
  static ApiException internal(String message) {
    return new ApiException(new Status(500, "", message, Status.Details.NONE));
  }

  /**
   * The failure to answer with, when the server behind broke off.
   *
   * @throws IOException as it was, if it was the client that left
   */
  static ApiException of(
      HttpExchange exchange, IOException failure, Function<String, ApiException> told)
      throws IOException {
    if (exchange.isClosed()) {
      throw failure;
    }
    return told.apply(String.valueOf(failure.getMessage()));
  }
}
