package dev.nacelle.base.http;

import java.time.Duration;

/**
 * The bounds of a server.
 *
 * @param connections open at once; more are closed when they arrive
 * @param headerBytes of one request, its first line counted
 * @param streamsPerConnection concurrent requests of one HTTP/2 connection
 * @param idle a connection without a request under way is closed after this time; a request under
 *     way, a watch for example, is never cut
 */
public record HttpLimits(
    int connections, int headerBytes, int streamsPerConnection, Duration idle) {
  public static final HttpLimits DEFAULT =
      new HttpLimits(8192, 64 << 10, 1000, Duration.ofMinutes(3));

  public HttpLimits {
    if (connections < 1 || headerBytes < 1024 || streamsPerConnection < 1 || !idle.isPositive()) {
      throw new IllegalArgumentException("limits must be positive, headerBytes at least 1024");
    }
  }
}
