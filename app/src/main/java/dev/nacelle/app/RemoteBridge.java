package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.UpgradeRefusedException;
import dev.nacelle.base.http.WebSocket;
import java.io.IOException;
import java.util.List;

/**
 * Carries messages between a client's WebSocket and a node's, both ways, until either side closes;
 * the other side is closed with the same code.
 */
final class RemoteBridge {
  /** The longest message, as nodes take it. */
  static final int MAX_FRAME = 1 << 20;

  private static final int NORMAL = 1000;
  private static final int GOING_AWAY = 1001;
  private static final int NO_CODE = 1005;
  private static final int BROKEN = 1006;

  private RemoteBridge() {}

  /** Accepts the client's side with what the node has chosen; returns when both are closed. */
  static void run(HttpExchange exchange, WebSocket node) throws InterruptedException {
    WebSocket client;
    try {
      client =
          exchange.acceptWebSocket(node.subprotocol().map(List::of).orElse(List.of()), MAX_FRAME);
    } catch (UpgradeRefusedException e) {
      // it has been answered
      node.close(GOING_AWAY, "");
      return;
    } catch (IOException | RuntimeException e) {
      node.close(GOING_AWAY, "");
      throw new IllegalStateException("cannot accept the client's WebSocket", e);
    }
    Thread back = Thread.ofVirtual().name("node to client").start(() -> carry(node, client));
    carry(client, node);
    back.join();
  }

  private static void carry(WebSocket from, WebSocket to) {
    while (true) {
      try {
        switch (from.receive()) {
          case WebSocket.Message.Binary(Bytes bytes) -> to.send(bytes);
          case WebSocket.Message.Text(String text) -> to.send(text);
          case WebSocket.Message.Closed(int code, String reason) -> {
            to.close(passable(code), reason);
            return;
          }
        }
      } catch (IOException e) {
        // the receiver is closed: it tells the sender in its own direction
        from.close(GOING_AWAY, "");
        return;
      }
    }
  }

  /** Some codes are only observed and never sent. */
  private static int passable(int code) {
    return switch (code) {
      case NO_CODE -> NORMAL;
      case BROKEN -> GOING_AWAY;
      default -> code;
    };
  }
}
