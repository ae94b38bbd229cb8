package dev.nacelle.dns;

import dev.nacelle.base.task.Threads;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers queries over connections, one after the other; at most 256 connections at a time. */
final class TcpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TcpServer.class);
  private static final int MOST = 256;
  private static final int IDLE_MILLIS = 10_000;

  private final ServerSocket socket;
  private final Responder responder;
  private final Semaphore forwarding;
  private final Threads threads;
  private final Semaphore permits = new Semaphore(MOST);
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  TcpServer(ServerSocket socket, Responder responder, Semaphore forwarding, Threads threads) {
    this.socket = socket;
    this.responder = responder;
    this.forwarding = forwarding;
    this.threads = threads;
  }

  /** Until the socket is closed. */
  void run() {
    while (!socket.isClosed()) {
      try {
        permits.acquire();
        accept();
      } catch (IOException e) {
        permits.release();
        if (!socket.isClosed()) {
          LOG.debug("no connection: {}", e.getMessage());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void accept() throws IOException {
    Socket client = socket.accept();
    open.add(client);
    threads.startVirtual("connection", () -> serve(client));
  }

  private void serve(Socket client) {
    try (client) {
      client.setSoTimeout(IDLE_MILLIS);
      client.setTcpNoDelay(true);
      var in = new DataInputStream(client.getInputStream());
      while (true) {
        byte[] query = new byte[in.readUnsignedShort()];
        in.readFully(query);
        if (!answer(query, client.getOutputStream())) {
          return;
        }
      }
    } catch (EOFException e) {
      // the client is done
    } catch (IOException | RuntimeException e) {
      LOG.debug("a connection ended: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(client);
      permits.release();
    }
  }

  private boolean answer(byte[] query, OutputStream out) throws IOException, InterruptedException {
    return switch (responder.begin(query, Responder.Transport.TCP)) {
      case Responder.Step.Reply reply -> send(reply.wire(), out);
      case Responder.Step.Ignore ignore -> false;
      case Responder.Step.Forward forward -> send(fetched(forward), out);
    };
  }

  private byte[] fetched(Responder.Step.Forward forward) throws InterruptedException {
    if (!forwarding.tryAcquire()) {
      return responder.refuse(forward);
    }
    try {
      return responder.forward(forward);
    } finally {
      forwarding.release();
    }
  }

  private static boolean send(byte[] wire, OutputStream out) throws IOException {
    byte[] framed = new byte[wire.length + 2];
    framed[0] = (byte) (wire.length >> 8);
    framed[1] = (byte) wire.length;
    System.arraycopy(wire, 0, framed, 2, wire.length);
    out.write(framed);
    out.flush();
    return true;
  }

  /** Ends the connections; the listening socket is closed by its owner. */
  @Override
  public void close() throws IOException {
    for (Socket client : open) {
      client.close();
    }
  }
}
