package dev.nacelle.testkit.e2e;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A long line to a server on loopback: what is sent either way arrives half a round trip later,
 * without being slower for it. Counts what the server sent. Threads of its own until it is closed.
 */
public final class SlowLink implements AutoCloseable {
  private static final int PIECE = 64 << 10;
  private static final int PIECES_UNDER_WAY = 1_024;

  private final ServerSocket listener;
  private final InetSocketAddress server;
  private final AtomicLong fromServer = new AtomicLong();
  private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
  private volatile long halfRoundTripNanos;

  private record Piece(byte[] bytes, long dueNanos) {}

  private SlowLink(ServerSocket listener, InetSocketAddress server, Duration roundTrip) {
    this.listener = listener;
    this.server = server;
    delay(roundTrip);
  }

  /** A line to a port of this host, whose other end is on a free port. */
  public static SlowLink to(int port, Duration roundTrip) {
    try {
      var listener = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
      var link = new SlowLink(listener, new InetSocketAddress("127.0.0.1", port), roundTrip);
      Thread.ofVirtual().start(link::accept);
      return link;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where clients connect. */
  public int port() {
    return listener.getLocalPort();
  }

  /** From now on a round trip takes so long. */
  public void delay(Duration roundTrip) {
    halfRoundTripNanos = roundTrip.toNanos() / 2;
  }

  /** Bytes that the server has sent so far, headers included. */
  public long fromServerBytes() {
    return fromServer.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        open.add(client);
        Thread.ofVirtual().start(() -> connect(client));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void connect(Socket client) {
    try {
      var far = new Socket();
      open.add(far);
      far.connect(server);
      client.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      Thread.ofVirtual().start(() -> carry(client, far, new AtomicLong()));
      carry(far, client, fromServer);
    } catch (IOException e) {
      end(client);
    }
  }

  private void carry(Socket from, Socket to, AtomicLong count) {
    BlockingQueue<Piece> line = new ArrayBlockingQueue<>(PIECES_UNDER_WAY);
    Thread receiver = Thread.ofVirtual().start(() -> deliver(line, from, to));
    try {
      InputStream in = from.getInputStream();
      byte[] buffer = new byte[PIECE];
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        count.addAndGet(got);
        line.put(new Piece(Arrays.copyOf(buffer, got), System.nanoTime() + halfRoundTripNanos));
      }
    } catch (IOException e) {
      // the other side hears of it as of an end
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      line.put(new Piece(new byte[0], System.nanoTime() + halfRoundTripNanos));
      receiver.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void deliver(BlockingQueue<Piece> line, Socket from, Socket to) {
    boolean works = true;
    try {
      while (true) {
        Piece piece = line.take();
        TimeUnit.NANOSECONDS.sleep(piece.dueNanos() - System.nanoTime());
        if (piece.bytes().length == 0) {
          to.shutdownOutput();
          return;
        }
        if (works) {
          works = send(piece, to.getOutputStream());
        }
        if (!works) {
          end(from); // its reader ends, and says so in the line
        }
      }
    } catch (IOException e) {
      end(to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean send(Piece piece, OutputStream out) {
    try {
      out.write(piece.bytes());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void end(Closeable socket) {
    open.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }

  @Override
  public void close() {
    end(listener);
    open.forEach(this::end);
  }
}
