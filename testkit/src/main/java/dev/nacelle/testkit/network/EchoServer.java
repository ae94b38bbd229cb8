package dev.nacelle.testkit.network;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Answers by TCP and UDP on one port with "NAME CLIENT-ADDRESS", one word of each connection or
 * datagram.
 */
final class EchoServer implements AutoCloseable {
  private final String name;
  private final ServerSocketChannel tcp;
  private final DatagramChannel udp;

  EchoServer(TestHost host, String name, int port) {
    this.name = name;
    this.tcp =
        host.namespace()
            .call(
                () -> {
                  ServerSocketChannel channel =
                      ServerSocketChannel.open(StandardProtocolFamily.INET);
                  return channel.bind(new InetSocketAddress("0.0.0.0", port), 512);
                });
    this.udp =
        host.namespace()
            .call(
                () -> {
                  DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
                  return channel.bind(new InetSocketAddress("0.0.0.0", port));
                });
    Thread.ofPlatform().daemon().name("echo-tcp-" + name).start(this::serveTcp);
    Thread.ofPlatform().daemon().name("echo-udp-" + name).start(this::serveUdp);
    host.own(this);
  }

  private void serveTcp() {
    while (tcp.isOpen()) {
      try (SocketChannel client = tcp.accept()) {
        ByteBuffer request = ByteBuffer.allocate(64);
        if (client.read(request) > 0) {
          client.write(answer((InetSocketAddress) client.getRemoteAddress()));
        }
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // a client that went away; the next one is served
      }
    }
  }

  private void serveUdp() {
    while (udp.isOpen()) {
      try {
        ByteBuffer request = ByteBuffer.allocate(9000);
        InetSocketAddress client = (InetSocketAddress) udp.receive(request);
        udp.send(answer(client), client);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // as above
      }
    }
  }

  private ByteBuffer answer(InetSocketAddress client) {
    String text = name + " " + client.getAddress().getHostAddress();
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    tcp.close();
    udp.close();
  }
}
