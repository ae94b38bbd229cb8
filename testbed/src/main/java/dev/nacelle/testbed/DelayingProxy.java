package dev.nacelle.testbed;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/**
 * Makes a server one that is far away: each byte arrives half a round trip later, and a connection
 * costs one round trip before its first byte. Four megabytes may be under way in a connection: the
 * slow beginning of real ones is not shown. Counts what the server sends, and to whom. Threads of
 * its own until it is closed.
 */
public final class DelayingProxy implements AutoCloseable {
  private static final int PIECE_BYTES = 64 << 10;
  private static final int MOST_WAITING = 4096;
  private static final int MOST_BYTES_WAITING = 4 << 20;

  /** How the server is reached; perhaps from another network namespace. */
  @FunctionalInterface
  public interface Route {
    Socket connect() throws IOException;
  }

  /** What arrived, and when it is passed on; no bytes at the end. */
  private record Piece(byte[] bytes, long dueNanos) {}

  private final ServerSocket listener;
  private final Route route;
  private final long halfNanos;
  private final Map<InetAddress, LongAdder> received = new ConcurrentHashMap<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Threads threads = new Threads("proxy");

  private DelayingProxy(ServerSocket listener, Route route, Duration roundTrip) {
    this.listener = listener;
    this.route = route;
    this.halfNanos = roundTrip.toNanos() / 2;
  }

  /** A line from a free port of loopback to a port of loopback. */
  public static DelayingProxy start(int target, Duration roundTrip) throws IOException {
    return start(listen(0), target, roundTrip);
  }

  /** As the other, with a socket that may be one of another network namespace. */
  public static DelayingProxy start(ServerSocket listener, int target, Duration roundTrip) {
    return start(listener, () -> new Socket(InetAddress.getLoopbackAddress(), target), roundTrip);
  }

  /** A line from wherever that socket listens to wherever the route leads. */
  public static DelayingProxy start(ServerSocket listener, Route route, Duration roundTrip) {
    var proxy = new DelayingProxy(listener, route, roundTrip);
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
    return received.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** How many of them one client was sent. */
  public long receivedBytes(InetAddress client) {
    return to(client).sum();
  }

  private LongAdder to(InetAddress client) {
    return received.computeIfAbsent(client, c -> new LongAdder());
  }

  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        threads.startVirtual("connection", () -> connect(client));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  /** Carries a connection until both sides have ended it. */
  private void connect(Socket client) {
    LongAdder count = to(client.getInetAddress());
    try (client;
        Socket server = route.connect()) {
      open.add(server);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      var ended = new CountDownLatch(2);
      pass(client, server, 2 * halfNanos, new LongAdder(), ended);
      pass(server, client, 0, count, ended);
      ended.await();
      open.remove(server);
    } catch (IOException e) {
      // the client hears of it as of an end
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    open.remove(client);
  }

  /** What is on its way in one direction. */
  private record Line(BlockingQueue<Piece> pieces, Semaphore room) {}

  private void pass(
      Socket from, Socket to, long firstExtraNanos, LongAdder count, CountDownLatch ended) {
    var line = new Line(new LinkedBlockingQueue<>(MOST_WAITING), new Semaphore(MOST_BYTES_WAITING));
    threads.startVirtual("in", () -> read(from, line, firstExtraNanos, count));
    threads.startVirtual(
        "out",
        () -> {
          write(line, from, to);
          ended.countDown();
        });
  }

  private void read(Socket from, Line line, long firstExtraNanos, LongAdder received) {
    long notBefore = System.nanoTime() + firstExtraNanos;
    byte[] buffer = new byte[PIECE_BYTES];
    try {
      int count;
      do {
        count = readSome(from, buffer);
        byte[] bytes = Arrays.copyOf(buffer, Math.max(0, count));
        long now = Math.max(notBefore, System.nanoTime());
        line.room().acquire(bytes.length);
        received.add(bytes.length);
        line.pieces().put(new Piece(bytes, now + halfNanos));
      } while (count > 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int readSome(Socket from, byte[] buffer) {
    try {
      InputStream in = from.getInputStream();
      return in.read(buffer);
    } catch (IOException e) {
      return -1; // reset: the other side hears of an end
    }
  }

  /** Also takes what nobody receives any more, so that its reader ends. */
  private void write(Line line, Socket from, Socket to) {
    boolean works = true;
    try {
      BlockingQueue<Piece> pieces = line.pieces();
      for (Piece piece = pieces.take(); piece.bytes().length > 0; piece = pieces.take()) {
        long left = piece.dueNanos() - System.nanoTime();
        if (works && left > 0) {
          Thread.sleep(Duration.ofNanos(left));
        }
        works = works && send(piece, to);
        line.room().release(piece.bytes().length);
        if (!works) {
          closeQuietly(from);
        }
      }
      to.shutdownOutput();
    } catch (IOException e) {
      closeQuietly(from);
      closeQuietly(to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean send(Piece piece, Socket to) {
    try {
      OutputStream out = to.getOutputStream();
      out.write(piece.bytes());
      return true;
    } catch (IOException e) {
      return false;
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
