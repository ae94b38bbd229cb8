package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

/**
 * One request and its answer. For the handler's thread and threads it starts; responses are written
 * by one thread at a time. Ends when the handler returns.
 */
public interface HttpExchange {
  /** The method as sent, for example {@code GET}. */
  String method();

  /** The path as sent, still percent-encoded, without the query; begins with a slash. */
  String rawPath();

  /** The path with percent-encoding undone; an encoded slash becomes a slash. */
  String path();

  /** The query as sent, without the question mark; empty when there is none. */
  String rawQuery();

  QueryParameters query();

  /** The request headers. Over HTTP/2 {@code :authority} is shown as {@code host}. */
  Headers headers();

  /** True over TLS. */
  boolean isSecure();

  /** {@code HTTP/1.1} or {@code HTTP/2.0}. */
  String protocol();

  /**
   * The certificates that the client showed and whose key it proved to hold, its own first; empty
   * when it showed none. Nothing else was checked: trust, validity and use are the handler's to
   * verify. The same list instance for all requests of one connection.
   */
  List<X509Certificate> peerCertificates();

  /** An {@code InetSocketAddress}, or a {@code UnixDomainSocketAddress}. */
  SocketAddress remoteAddress();

  /**
   * A value kept for the life of the connection, made at first use: for example the verdict on the
   * client's certificates. Two concurrent requests may both make one; one of them stays.
   */
  <T> T perConnection(Class<T> type, Supplier<T> make);

  /** False when the request ends with its headers. */
  boolean hasBody();

  /**
   * Reads the whole request body. Call it once, and not together with {@link #bodyStream}.
   *
   * @throws BodyTooLargeException if it has more than {@code maxBytes}
   * @throws IOException if the client left before its end
   */
  Bytes body(int maxBytes) throws IOException, InterruptedException;

  /**
   * The request body as a stream of any length; the client is slowed to the reader's pace. Reading
   * throws an {@code IOException} when the client leaves before its end.
   */
  InputStream bodyStream();

  /**
   * Answers with a whole body: the fast path. Adds {@code Content-Length}, {@code Date}, and
   * compresses bodies above 128 KiB when the client accepts gzip and {@code headers} names no
   * {@code content-encoding}. Does not wait for the client to take it: a client that has gone is no
   * error.
   *
   * @throws IllegalStateException if the exchange was answered before
   */
  void respond(int status, Headers headers, Bytes body);

  /**
   * Begins an answer that is sent piece by piece; the headers leave at the first flush. When they
   * name a {@code content-length}, as many bytes must follow, or the client sees the answer cut.
   *
   * @throws IllegalStateException if the exchange was answered before
   */
  ResponseStream respondStreaming(int status, Headers headers);

  /** True when the request asks for a WebSocket that {@link #acceptWebSocket} can accept. */
  boolean isWebSocketUpgrade();

  /**
   * Accepts a WebSocket with the first of the client's subprotocols that is in {@code
   * subprotocols}; without any when the client asked for none.
   *
   * @param maxFrameBytes larger frames and messages close the connection with code 1009
   * @throws UpgradeRefusedException if the request is no WebSocket handshake, or no subprotocol is
   *     common; it has been answered (400): the handler has only to return
   */
  WebSocket acceptWebSocket(List<String> subprotocols, int maxFrameBytes) throws IOException;

  /**
   * Answers 101 and takes over the connection: from here raw bytes both ways. HTTP/1.1 only.
   *
   * @param protocol the value of the {@code Upgrade} header
   * @throws UpgradeRefusedException if the request is not over HTTP/1.1 or did not ask for {@code
   *     protocol}; it has been answered (400)
   */
  DuplexStream upgrade(String protocol, Headers headers) throws IOException;

  /** True once the client has left or the exchange is at its end. */
  boolean isClosed();

  /**
   * Runs an action once, on a virtual thread of its own, as soon as the client leaves, or when the
   * exchange is at its end; at once when that was before.
   */
  void onClose(Runnable action);
}
