package dev.nacelle.bench.lazy;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Makes a server on loopback one that is far away: each byte arrives half a round trip later, and a
 * connection costs one round trip before its first byte. As much as one likes may be under way: the
 * slow beginning of real connections is not shown.
 */
final class DelayingProxy implements AutoCloseable {
  private static final int MOST_WAITING = 4096;

  /** What arrived, and when it is passed on; no bytes at the end. */
  private record Piece(byte[] bytes, long dueNanos) {}

  private final ServerSocket listener;
  private final int target;
  private final long halfNanos;
  private final Threads threads = new Threads("proxy");

  private DelayingProxy(ServerSocket listener, int target, Duration roundTrip) {
    this.listener = listener;
    this.target = target;
    this.halfNanos = roundTrip.toNanos() / 2;
  }

  static DelayingProxy start(int target, Duration roundTrip) throws IOException {
    var listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
    var proxy = new DelayingProxy(listener, target, roundTrip);
    proxy.threads.startVirtual("accept", proxy::accept);
    return proxy;
  }

  int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        client.setTcpNoDelay(true);
        threads.startVirtual("connection", () -> connect(client));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void connect(Socket client) {
    try {
      var server = new Socket(InetAddress.getLoopbackAddress(), target);
      server.setTcpNoDelay(true);
      pass(client, server, 2 * halfNanos);
      pass(server, client, 0);
    } catch (IOException e) {
      closeQuietly(client);
    }
  }

  private void pass(Socket from, Socket to, long firstExtraNanos) {
    BlockingQueue<Piece> waiting = new LinkedBlockingQueue<>(MOST_WAITING);
    threads.startVirtual("in", () -> read(from, waiting, firstExtraNanos));
    threads.startVirtual("out", () -> write(waiting, from, to));
  }

  private void read(Socket from, BlockingQueue<Piece> waiting, long firstExtraNanos) {
    long notBefore = System.nanoTime() + firstExtraNanos;
    byte[] buffer = new byte[1 << 16];
    try {
      Optional<byte[]> end = Optional.empty();
      InputStream in = from.getInputStream();
      while (end.isEmpty()) {
        int count = readSome(in, buffer);
        byte[] bytes = java.util.Arrays.copyOf(buffer, Math.max(0, count));
        long now = Math.max(notBefore, System.nanoTime());
        waiting.put(new Piece(bytes, now + halfNanos));
        end = count <= 0 ? Optional.of(bytes) : Optional.empty();
      }
    } catch (IOException e) {
      closeQuietly(from);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int readSome(InputStream in, byte[] buffer) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      return -1; // reset: the other side hears of an end
    }
  }

  private static void write(BlockingQueue<Piece> waiting, Socket from, Socket to) {
    try {
      OutputStream out = to.getOutputStream();
      for (Piece piece = waiting.take(); piece.bytes().length > 0; piece = waiting.take()) {
        long left = piece.dueNanos() - System.nanoTime();
        if (left > 0) {
          Thread.sleep(Duration.ofNanos(left));
        }
        out.write(piece.bytes());
      }
      to.shutdownOutput();
    } catch (IOException e) {
      closeQuietly(from);
      closeQuietly(to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("cannot close a connection", e);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
