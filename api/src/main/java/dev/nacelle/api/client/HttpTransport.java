package dev.nacelle.api.client;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * Sends requests of the API and reads the answers; every failure is an {@link ApiException}. Safe
 * for any thread.
 *
 * @param watches a client of its own, so that watches take no connection from the requests
 * @param server without a slash at its end
 * @param fixed headers of every request
 */
record HttpTransport(
    HttpClient requests,
    HttpClient watches,
    String server,
    Supplier<Optional<String>> token,
    Headers fixed) {
  private static final int MAX_ANSWER = 256 << 20;
  private static final int MAX_REFUSAL = 1 << 20;
  private static final int MAX_SHOWN = 512;

  /** Whether a lost answer leaves open if something happened. */
  enum Effect {
    READ,
    WRITE
  }

  /** The same server, with further headers. */
  HttpTransport with(Headers more) {
    return new HttpTransport(
        requests, watches, server, token, fixed.toBuilder().addAll(more).build());
  }

  /** Sends one request and reads its answer whole; an answer without a body is an empty object. */
  JsonObject send(HttpRequest request, Effect effect) {
    try (HttpResponse response = requests.send(request)) {
      if (response.status() / 100 != 2) {
        throw refusal(response);
      }
      Bytes body = response.bytes(MAX_ANSWER);
      return body.isEmpty() ? JsonObject.EMPTY : JsonReader.readObject(body);
    } catch (IOException e) {
      throw lost(effect, String.valueOf(e.getMessage()));
    } catch (JsonSyntaxException e) {
      throw lost(effect, server + " answered with something else than JSON: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw lost(effect, "the request to " + server + " was interrupted");
    }
  }

  /** Begins a request whose answer comes piece by piece. */
  HttpResponse open(HttpRequest request) {
    try {
      HttpResponse response = watches.send(request);
      if (response.status() / 100 == 2) {
        return response;
      }
      try (response) {
        throw refusal(response);
      }
    } catch (IOException e) {
      throw ApiException.unavailable(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the request to " + server + " was interrupted");
    }
  }

  HttpRequest request(String method, String path, QueryText query) {
    var headers = fixed.toBuilder().set("accept", "application/json");
    token.get().ifPresent(t -> headers.set("authorization", "Bearer " + t));
    return new HttpRequest(
        method,
        URI.create(server + QueryText.path(path) + query),
        headers.build(),
        new HttpRequest.Body.Empty());
  }

  /** A connection that was never made has changed nothing; all else may have. */
  private static ApiException lost(Effect effect, String why) {
    return effect == Effect.READ || why.startsWith("cannot reach ")
        ? ApiException.unavailable(why)
        : ApiException.timeout(why + "; the write may or may not have happened");
  }

  private ApiException refusal(HttpResponse response) throws IOException {
    Bytes body = Bytes.wrap(response.body().readNBytes(MAX_REFUSAL));
    OptionalInt retryAfter = retryAfter(response);
    try {
      JsonObject json = JsonReader.readObject(body);
      if (json.string("kind").filter("Status"::equals).isPresent()) {
        Status said = Status.of(json);
        return new ApiException(
            new Status(
                json.integer("code").isPresent() ? said.code() : response.status(),
                said.reason(),
                said.message(),
                said.details()));
      }
    } catch (JsonSyntaxException e) {
      // not of the API itself, but of something on the way: its text is shown
    }
    String text = new String(body.unsafeArray(), StandardCharsets.UTF_8).strip();
    String shown = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) : text;
    return new ApiException(
        new Status(
            response.status(),
            reason(response.status()),
            server + " answered " + response.status() + (shown.isEmpty() ? "" : ": " + shown),
            new Status.Details("", "", "", "", List.of(), retryAfter)));
  }

  private static OptionalInt retryAfter(HttpResponse response) {
    String seconds = response.headers().first("retry-after").orElse("");
    return seconds.matches("[0-9]{1,6}")
        ? OptionalInt.of(Integer.parseInt(seconds))
        : OptionalInt.empty();
  }

  private static String reason(int status) {
    return switch (status) {
      case 400 -> "BadRequest";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "NotFound";
      case 405 -> "MethodNotAllowed";
      case 406 -> "NotAcceptable";
      case 409 -> "Conflict";
      case 410 -> "Gone";
      case 413 -> "RequestEntityTooLarge";
      case 415 -> "UnsupportedMediaType";
      case 429 -> "TooManyRequests";
      case 500 -> "InternalError";
      case 503 -> "ServiceUnavailable";
      case 504 -> "Timeout";
      default -> "";
    };
  }
}
