package dev.nacelle.node.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Listens on loopback; what it does with a connection is the test's. */
final class EchoServer implements AutoCloseable {
  private final ServerSocket listener;

  /** Connections that have ended. */
  final BlockingQueue<Socket> ended = new LinkedBlockingQueue<>();

  /** What is done with a connection, which is closed afterwards. */
  interface Behaviour {
    void serve(Socket socket) throws IOException;
  }

  EchoServer(Behaviour behaviour) {
    try {
      listener = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(() -> accept(behaviour));
  }

  /** Sends back what comes, and ends when the client has no more. */
  static EchoServer echo() {
    return new EchoServer(socket -> socket.getInputStream().transferTo(socket.getOutputStream()));
  }

  int port() {
    return listener.getLocalPort();
  }

  private void accept(Behaviour behaviour) {
    while (true) {
      try {
        Socket socket = listener.accept();
        Thread.ofVirtual().start(() -> serve(socket, behaviour));
      } catch (IOException e) {
        // closed at the end of the test
        return;
      }
    }
  }

  private void serve(Socket socket, Behaviour behaviour) {
    try (socket) {
      behaviour.serve(socket);
    } catch (IOException e) {
      // the other side broke off, which is what some tests are about
    } finally {
      ended.add(socket);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
