package dev.nacelle.kernel.process;

import dev.nacelle.kernel.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests, their replies and events over one connection to a companion. A virtual thread of its
 * own reads; events and the end are told on that thread, in order, so a listener must not wait for
 * a reply on the same connection. Safe for any thread.
 */
public final class PacketConnection implements AutoCloseable {
  private static final int REPLY = 0x8000;

  /** What arrives without being asked for. */
  public interface Listener {
    /** An event; its descriptors are closed when this returns. */
    void event(Packet packet);

    /** The connection has ended: nothing follows. Called once. */
    void ended();
  }

  private final PacketSocket socket;
  private final Listener listener;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<Packet>> calls = new ConcurrentHashMap<>();
  private volatile boolean over;

  private PacketConnection(PacketSocket socket, Listener listener) {
    this.socket = socket;
    this.listener = listener;
    Thread.ofVirtual().name("packets").start(this::read);
  }

  /**
   * Connects to a socket file.
   *
   * @throws ErrnoException ENOENT or ECONNREFUSED if nobody listens
   */
  public static PacketConnection open(Poller poller, Path file, Listener listener) {
    return new PacketConnection(PacketSocket.connect(poller, file), listener);
  }

  /** Takes over a connected socket that came with a packet, its next descriptor. */
  public static PacketConnection over(Poller poller, Packet packet, Listener listener) {
    var descriptor = poller.adopt(packet.takeDescriptor());
    return new PacketConnection(new PacketSocket(poller, descriptor), listener);
  }

  /** Takes the next descriptor of a packet for reading and writing. */
  public Descriptor take(Packet packet) {
    return socket.poller().adopt(packet.takeDescriptor());
  }

  /** Takes the next descriptor of a packet, of a file or anything else that is not polled. */
  public static OpenFile takeFile(Packet packet) {
    return new OpenFile(packet.takeDescriptor());
  }

  /**
   * Sends a request and waits for the reply, whose error fields are read already.
   *
   * @param what completes "cannot ..." in an error of this side
   * @throws CompanionException if the companion refuses, is gone, or does not answer in time
   */
  public Packet call(String what, int type, Packet.Fields fields, Duration timeout)
      throws InterruptedException {
    return call(what, type, fields, List.of(), timeout);
  }

  /** As the other, with descriptors beside the request, which stay the caller's. */
  public Packet call(
      String what, int type, Packet.Fields fields, List<OpenFile> files, Duration timeout)
      throws InterruptedException {
    int id = ids.incrementAndGet();
    var reply = new CompletableFuture<Packet>();
    calls.put(id, reply);
    try {
      if (over) {
        throw CompanionException.gone(what);
      }
      OpenFile.send(socket, fields.message(type, id), files);
      Packet packet = reply.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      int errno = packet.u32();
      String message = packet.string();
      if (errno != 0) {
        packet.close();
        throw CompanionException.refused(message, errno);
      }
      return packet;
    } catch (IOException | ExecutionException e) {
      throw CompanionException.gone(what);
    } catch (TimeoutException e) {
      reply.thenAccept(Packet::close);
      throw CompanionException.late(what, timeout);
    } finally {
      calls.remove(id);
    }
  }

  /** Sends a message that is not answered. */
  public void tell(String what, int type, Packet.Fields fields) {
    try {
      socket.send(fields.message(type, 0));
    } catch (IOException e) {
      throw CompanionException.gone(what);
    }
  }

  private void read() {
    try {
      while (true) {
        var received = socket.receive();
        if (received.isEmpty()) {
          break;
        }
        dispatch(new Packet(received.get()));
      }
    } catch (IOException | IllegalStateException e) {
      // a broken connection is an ended one: the owner connects again and looks for itself
      socket.shutdown();
    } finally {
      over = true;
      socket.close();
      calls.values().forEach(call -> call.completeExceptionally(new IOException("ended")));
      listener.ended();
    }
  }

  private void dispatch(Packet packet) {
    if (packet.type() != REPLY) {
      try (packet) {
        listener.event(packet);
      }
      return;
    }
    var call = calls.remove(packet.id());
    if (call == null || !call.complete(packet)) {
      packet.close();
    }
  }

  public boolean isOver() {
    return over;
  }

  /** Ends the connection; the listener hears of it. */
  @Override
  public void close() {
    socket.shutdown();
  }
}
