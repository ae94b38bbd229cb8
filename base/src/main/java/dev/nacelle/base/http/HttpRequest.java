package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;

/**
 * A request of a client.
 *
 * @param uri {@code http} or {@code https} ({@code ws} and {@code wss} count as those)
 */
public record HttpRequest(String method, URI uri, Headers headers, Body body) {
  /** What is sent as the body. */
  public sealed interface Body {
    record Empty() implements Body {}

    record Whole(Bytes bytes) implements Body {}

    /**
     * Sent piece by piece, and only once: not again after a redirect. The client closes the stream.
     * A client without a read timeout reads the answer meanwhile.
     *
     * @param lengthBytes negative when not known
     */
    record Streamed(Source source, long lengthBytes) implements Body {}
  }

  /** Opens the stream that becomes the body. */
  @FunctionalInterface
  public interface Source {
    InputStream open() throws IOException;
  }

  public static HttpRequest get(URI uri) {
    return of("GET", uri);
  }

  /** A request without headers and body. */
  public static HttpRequest of(String method, URI uri) {
    return new HttpRequest(method, uri, Headers.EMPTY, new Body.Empty());
  }

  /** This request with one header set. */
  public HttpRequest with(String name, String value) {
    return new HttpRequest(method, uri, headers.toBuilder().set(name, value).build(), body);
  }

  public HttpRequest with(Bytes whole) {
    return new HttpRequest(method, uri, headers, new Body.Whole(whole));
  }

  public HttpRequest with(Body newBody) {
    return new HttpRequest(method, uri, headers, newBody);
  }

  public HttpRequest with(Headers newHeaders) {
    return new HttpRequest(method, uri, newHeaders, body);
  }
}
