package dev.nacelle.image.registry;

import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.image.ImageFault;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * An endpoint, how to reach it and what to show it. Safe for any thread.
 *
 * @param referrers how it keeps lists of referrers, shared by all that speak to it
 */
record Place(
    Endpoint endpoint,
    HttpClient http,
    Authorization authorization,
    ReferrerList.Memory referrers) {
  private static final Set<Integer> READ = Set.of(200, 206);

  /** An answer that is no success, or none. */
  static final class Refusal extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient ImageFault fault;
    private final transient Optional<String> retryAfter;

    Refusal(ImageFault fault, String message, Optional<String> retryAfter) {
      super(message);
      this.fault = fault;
      this.retryAfter = retryAfter;
    }

    ImageFault fault() {
      return fault;
    }

    Optional<String> retryAfter() {
      return retryAfter;
    }
  }

  /**
   * Sends a request once, a second time with what the registry asked for.
   *
   * @return a response of status 200 or 206, to be closed
   * @throws Refusal for every other status
   */
  HttpResponse send(HttpRequest request) throws IOException, InterruptedException {
    return send(request, READ);
  }

  /** As the other, for a request whose success has one of these statuses. */
  HttpResponse send(HttpRequest request, Set<Integer> success)
      throws IOException, InterruptedException {
    HttpResponse first = http.send(authorized(request));
    if (first.status() != 401) {
      return successful(first, success);
    }
    try (first) {
      if (!authorization.answer(first.headers().all("www-authenticate"))) {
        throw refusal(first, success);
      }
    }
    return successful(http.send(authorized(request)), success);
  }

  /** Sends a request to where the registry has pointed, which is not shown the credential. */
  HttpResponse sendElsewhere(HttpRequest request, Set<Integer> success)
      throws IOException, InterruptedException {
    return successful(http.send(request), success);
  }

  private HttpResponse successful(HttpResponse response, Set<Integer> success) throws Refusal {
    if (success.contains(response.status())) {
      return response;
    }
    try (response) {
      throw refusal(response, success);
    }
  }

  private Refusal refusal(HttpResponse response, Set<Integer> success) {
    Optional<String> retryAfter = response.headers().first("retry-after");
    return switch (response.status()) {
      case 401, 403 ->
          new Refusal(
              ImageFault.UNAUTHORIZED,
              (success.equals(READ) ? "pull" : "push")
                  + " access denied, repository does not exist or may require authorization ("
                  + where()
                  + " answers "
                  + response.status()
                  + ")",
              retryAfter);
      case 404 -> new Refusal(ImageFault.NOT_FOUND, "not found", retryAfter);
      default ->
          new Refusal(
              ImageFault.REGISTRY_UNAVAILABLE,
              "the registry " + where() + " answers " + response.status(),
              retryAfter);
    };
  }

  private String where() {
    return endpoint.base().getAuthority();
  }

  private HttpRequest authorized(HttpRequest request) {
    return authorization.header().map(h -> request.with("authorization", h)).orElse(request);
  }
}
