package dev.nacelle.base.http;

/**
 * Answers requests. Called on a virtual thread of its own per request, so it may block; it must be
 * safe for many threads at once.
 */
@FunctionalInterface
public interface HttpHandler {
  /**
   * Answers one request: calls exactly one of {@link HttpExchange#respond}, {@link
   * HttpExchange#respondStreaming}, {@link HttpExchange#acceptWebSocket} and {@link
   * HttpExchange#upgrade}. Returning ends a stream, a WebSocket or an upgraded connection that is
   * still open.
   *
   * @throws Exception {@link BodyTooLargeException} is answered with 413, anything else is logged
   *     and answered with 500 when nothing was sent yet, else the stream is cut
   */
  void handle(HttpExchange exchange) throws Exception;
}
