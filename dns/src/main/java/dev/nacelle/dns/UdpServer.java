package dev.nacelle.dns;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers datagrams: from the zone on its own thread, from elsewhere on threads of their own. */
final class UdpServer {
  private static final Logger LOG = LoggerFactory.getLogger(UdpServer.class);

  private final DatagramSocket socket;
  private final Responder responder;
  private final Semaphore forwarding;
  private final Threads threads;

  UdpServer(DatagramSocket socket, Responder responder, Semaphore forwarding, Threads threads) {
    this.socket = socket;
    this.responder = responder;
    this.forwarding = forwarding;
    this.threads = threads;
  }

  /** Until the socket is closed. */
  void run() {
    byte[] buffer = new byte[Responder.MOST_UDP];
    while (!socket.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        answer(Arrays.copyOf(buffer, packet.getLength()), packet.getSocketAddress());
      } catch (IOException | RuntimeException e) {
        if (!socket.isClosed()) {
          LOG.debug("a datagram was not answered: {}", e.toString());
        }
      }
    }
  }

  private void answer(byte[] query, SocketAddress client) throws IOException {
    switch (responder.begin(query, Responder.Transport.UDP)) {
      case Responder.Step.Reply reply -> send(reply.wire(), client);
      case Responder.Step.Ignore ignore -> {}
      case Responder.Step.Forward forward -> {
        if (forwarding.tryAcquire()) {
          threads.startVirtual("forward", () -> forward(forward, client));
        } else {
          send(responder.refuse(forward), client);
        }
      }
    }
  }

  private void forward(Responder.Step.Forward forward, SocketAddress client) {
    try {
      send(responder.forward(forward), client);
    } catch (IOException e) {
      LOG.debug("a reply was not sent: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      forwarding.release();
    }
  }

  private void send(byte[] wire, SocketAddress client) throws IOException {
    socket.send(new DatagramPacket(wire, wire.length, client));
  }
}
