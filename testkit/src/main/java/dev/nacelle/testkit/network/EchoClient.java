package dev.nacelle.testkit.network;

import dev.nacelle.network.Ipv4;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** Asks an {@link EchoServer} from some host; errors come as {@code "failed: WHY"}. */
final class EchoClient {
  private static final int TIMEOUT_MILLIS = 3000;

  private EchoClient() {}

  /** By TCP, from a socket of IPv6 as Java makes them, which speaks to a v4-mapped address. */
  static String tcp(TestHost from, Ipv4 address, int port) {
    return ask(from, () -> new Socket(), address, port);
  }

  /** By TCP from a socket of IPv4. */
  static String tcp4(TestHost from, Ipv4 address, int port) {
    return ask(from, () -> SocketChannel.open(StandardProtocolFamily.INET).socket(), address, port);
  }

  private interface Sockets {
    Socket open() throws IOException;
  }

  private static String ask(TestHost from, Sockets sockets, Ipv4 address, int port) {
    return from.namespace()
        .call(
            () -> {
              try (Socket socket = sockets.open()) {
                socket.connect(target(address, port), TIMEOUT_MILLIS);
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.getOutputStream().write('?');
                try (InputStream in = socket.getInputStream()) {
                  return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                }
              } catch (IOException e) {
                return "failed: " + e.getMessage();
              }
            });
  }

  /** By UDP, unconnected; the answer is "NAME CLIENT from ANSWERER". */
  static String udp(TestHost from, Ipv4 address, int port) {
    return from.namespace()
        .call(
            () -> {
              try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.send(new DatagramPacket(new byte[] {'?'}, 1, target(address, port)));
                DatagramPacket reply = new DatagramPacket(new byte[100], 100);
                socket.receive(reply);
                return new String(reply.getData(), 0, reply.getLength(), StandardCharsets.UTF_8)
                    + " from "
                    + reply.getAddress().getHostAddress()
                    + ":"
                    + reply.getPort();
              } catch (SocketTimeoutException e) {
                return "failed: no answer";
              } catch (IOException e) {
                return "failed: " + e.getMessage();
              }
            });
  }

  /** By UDP, connected: learns of an ICMP error. */
  static String connectedUdp(TestHost from, Ipv4 address, int port) {
    return from.namespace()
        .call(
            () -> {
              try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.connect(target(address, port));
                socket.send(new DatagramPacket(new byte[] {'?'}, 1));
                DatagramPacket reply = new DatagramPacket(new byte[100], 100);
                socket.receive(reply);
                return new String(reply.getData(), 0, reply.getLength(), StandardCharsets.UTF_8);
              } catch (PortUnreachableException e) {
                return "failed: port unreachable";
              } catch (IOException e) {
                return "failed: " + e.getMessage();
              }
            });
  }

  private static InetSocketAddress target(Ipv4 address, int port) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(address.toString()), port);
  }
}
