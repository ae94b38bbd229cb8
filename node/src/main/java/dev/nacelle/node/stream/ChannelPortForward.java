package dev.nacelle.node.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Port-forward over the channels of one WebSocket: of the n-th port 2n carries the data and 2n+1
 * the error; both begin with the port, two bytes, the lower one first. One connection a port. For
 * one thread.
 */
final class ChannelPortForward {
  static final List<String> PROTOCOLS = List.of("v4.channel.k8s.io", "v4.base64.channel.k8s.io");

  private static final Logger LOG = LoggerFactory.getLogger(ChannelPortForward.class);
  private static final int CHUNK = 32 << 10;

  private final ChannelSocket socket;
  private final String pod;
  private final PodPorts.Dialer ports;
  private final Map<Integer, SocketChannel> connections = new HashMap<>();

  ChannelPortForward(ChannelSocket socket, String pod, PodPorts.Dialer ports) {
    this.socket = socket;
    this.pod = pod;
    this.ports = ports;
  }

  /** Serves until the client has left, or the last of the ports has ended its connection. */
  void serve(List<Integer> asked) throws IOException, InterruptedException {
    for (int i = 0; i < asked.size(); i++) {
      int port = asked.get(i);
      byte[] told = {(byte) port, (byte) (port >> 8)};
      socket.send(2 * i, told, 0, told.length);
      socket.send(2 * i + 1, told, 0, told.length);
    }
    var readers = new ArrayList<Thread>();
    try {
      for (int i = 0; i < asked.size(); i++) {
        connect(i, asked.get(i)).ifPresent(readers::add);
      }
      Thread closer = Thread.ofVirtual().name("forward end").start(() -> closeAfter(readers));
      carryToPod();
      connections.values().forEach(ChannelPortForward::close);
      closer.join();
    } finally {
      connections.values().forEach(ChannelPortForward::close);
    }
  }

  private Optional<Thread> connect(int index, int port) throws IOException, InterruptedException {
    try {
      SocketChannel connection = ports.dial(port);
      connections.put(2 * index, connection);
      return Optional.of(
          Thread.ofVirtual()
              .name("forward to client")
              .start(() -> carryToClient(index, port, connection)));
    } catch (IOException e) {
      tell(index, port, e);
      return Optional.empty();
    }
  }

  private void tell(int index, int port, IOException why) throws IOException {
    byte[] message = PortForward.refusal(port, pod, why).getBytes(UTF_8);
    socket.send(2 * index + 1, message, 0, message.length);
  }

  /** As upstream: when nothing is left to come, the client is told by the end of the WebSocket. */
  private void closeAfter(List<Thread> readers) {
    try {
      for (Thread reader : readers) {
        reader.join();
      }
      socket.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void carryToClient(int index, int port, SocketChannel connection) {
    var chunk = ByteBuffer.allocate(CHUNK);
    try {
      while (connection.read(chunk.clear()) >= 0) {
        socket.send(2 * index, chunk.array(), 0, chunk.position());
      }
    } catch (IOException e) {
      LOG.debug("port {} of pod {} ends: {}", port, pod, e.getMessage());
      if (connection.isOpen()) {
        tellQuietly(index, port, e);
      }
    }
    close(connection);
  }

  private void tellQuietly(int index, int port, IOException why) {
    try {
      tell(index, port, why);
    } catch (IOException e) {
      LOG.debug("the client has left: {}", e.getMessage());
    }
  }

  private void carryToPod() {
    for (Optional<ChannelSocket.Message> next = socket.receive();
        next.isPresent();
        next = socket.receive()) {
      SocketChannel connection = connections.get(next.get().channel());
      if (connection != null) {
        write(connection, next.get().bytes());
      }
    }
  }

  private static void write(SocketChannel connection, byte[] bytes) {
    try {
      var left = ByteBuffer.wrap(bytes);
      while (left.hasRemaining()) {
        connection.write(left);
      }
    } catch (IOException e) {
      LOG.debug("the pod takes no more: {}", e.getMessage());
    }
  }

  private static void close(SocketChannel connection) {
    try {
      connection.close();
    } catch (IOException e) {
      LOG.debug("cannot close a connection: {}", e.getMessage());
    }
  }
}
