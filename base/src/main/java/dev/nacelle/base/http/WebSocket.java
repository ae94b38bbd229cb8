package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.util.Optional;

/**
 * A WebSocket (RFC 6455), of a server or a client. One thread receives; any thread sends, whole
 * messages in turn. Pings are answered while a thread is in {@link #receive}.
 */
public interface WebSocket extends AutoCloseable {
  /** What was received. */
  sealed interface Message {
    record Binary(Bytes bytes) implements Message {}

    record Text(String text) implements Message {}

    /** The peer closed, or the connection broke (code 1006); received again from then on. */
    record Closed(int code, String reason) implements Message {}
  }

  /** The subprotocol that was agreed on. */
  Optional<String> subprotocol();

  /** Waits for the next whole message; never fails, a broken connection is {@code Closed}. */
  Message receive();

  /**
   * Sends a binary message; blocks while the peer is slow.
   *
   * @throws IOException if the connection is closed
   */
  void send(Bytes bytes) throws IOException;

  /**
   * Sends a text message; blocks while the peer is slow.
   *
   * @throws IOException if the connection is closed
   */
  void send(String text) throws IOException;

  /**
   * Sends a ping; the answer is not reported.
   *
   * @throws IOException if the connection is closed
   */
  void ping() throws IOException;

  /**
   * The binary messages as one stream of bytes both ways, whatever their lengths; for protocols
   * that are tunnelled. From here on it is the receiver of this WebSocket; closing it closes this.
   */
  default DuplexStream asStream() {
    return new WebSocketStream(this);
  }

  /** Sends a close frame and ends the connection once the peer has answered it, or soon after. */
  void close(int code, String reason);

  /** Closes with code 1000. */
  @Override
  default void close() {
    close(1000, "");
  }
}
