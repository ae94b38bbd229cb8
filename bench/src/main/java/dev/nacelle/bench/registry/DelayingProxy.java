package dev.nacelle.bench.registry;

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
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/**
 * Makes a server on loopback one that is far away: each byte arrives half a round trip later, and a
 * connection costs one round trip before its first byte. Four megabytes may be under way in a
 * connection: the slow beginning of real ones is not shown. Counts what the server sends.
 */
public final class DelayingProxy implements AutoCloseable {
  private static final int MOST_WAITING = 4096;
  private static final int MOST_BYTES_WAITING = 4 << 20;

  /** What arrived, and when it is passed on; no bytes at the end. */
  private record Piece(byte[] bytes, long dueNanos) {}

  private final ServerSocket listener;
  private final int target;
  private final long halfNanos;
  private final LongAdder received = new LongAdder();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Threads threads = new Threads("proxy");

  private DelayingProxy(ServerSocket listener, int target, Duration roundTrip) {
    this.listener = listener;
    this.target = target;
    this.halfNanos = roundTrip.toNanos() / 2;
  }

  public static DelayingProxy start(int target, Duration roundTrip) throws IOException {
    return start(listen(0), target, roundTrip);
  }

  /** As the other, with a socket that may be one of another network namespace. */
  public static DelayingProxy start(ServerSocket listener, int target, Duration roundTrip) {
    var proxy = new DelayingProxy(listener, target, roundTrip);
    proxy.threads.startVirtual("accept", proxy::accept);
    return proxy;
  }

  /**
   * A socket for a proxy, on loopback.
   *
   * @param port 0 for any
   */
  public static ServerSocket listen(int port) throws IOException {
    var listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 128);
    return listener;
  }

  /** How many bytes the server has sent until now, headers included. */
  public long receivedBytes() {
    return received.sum();
  }

  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        client.setTcpNoDelay(true);
        open.add(client);
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
      pass(client, server, 2 * halfNanos, new LongAdder());
      pass(server, client, 0, received);
    } catch (IOException e) {
      closeQuietly(client);
    }
  }

  /** What is on its way in one direction. */
  private record Line(BlockingQueue<Piece> pieces, Semaphore room) {}

  private void pass(Socket from, Socket to, long firstExtraNanos, LongAdder count) {
    var line = new Line(new LinkedBlockingQueue<>(MOST_WAITING), new Semaphore(MOST_BYTES_WAITING));
    threads.startVirtual("in", () -> read(from, line, firstExtraNanos, count));
    threads.startVirtual("out", () -> write(line, from, to));
  }

  private void read(Socket from, Line line, long firstExtraNanos, LongAdder received) {
    long notBefore = System.nanoTime() + firstExtraNanos;
    byte[] buffer = new byte[1 << 16];
    try {
      Optional<byte[]> end = Optional.empty();
      InputStream in = from.getInputStream();
      while (end.isEmpty()) {
        int count = readSome(in, buffer);
        byte[] bytes = java.util.Arrays.copyOf(buffer, Math.max(0, count));
        long now = Math.max(notBefore, System.nanoTime());
        line.room().acquire(bytes.length);
        received.add(bytes.length);
        line.pieces().put(new Piece(bytes, now + halfNanos));
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

  private void write(Line line, Socket from, Socket to) {
    try {
      OutputStream out = to.getOutputStream();
      BlockingQueue<Piece> pieces = line.pieces();
      for (Piece piece = pieces.take(); piece.bytes().length > 0; piece = pieces.take()) {
        long left = piece.dueNanos() - System.nanoTime();
        if (left > 0) {
          Thread.sleep(Duration.ofNanos(left));
        }
        out.write(piece.bytes());
        line.room().release(piece.bytes().length);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      closeQuietly(from);
      closeQuietly(to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends every connection: the next request needs a new one. */
  public void hangUp() {
    open.forEach(this::closeQuietly);
  }

  private void closeQuietly(Socket socket) {
    open.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("cannot close a connection", e);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    hangUp();
  }
}
