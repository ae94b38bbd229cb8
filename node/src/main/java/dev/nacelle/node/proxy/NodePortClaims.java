package dev.nacelle.node.proxy;

import dev.nacelle.network.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the node ports of this host by sockets that are bound and never listen: no other program,
 * and no other instance, then opens one of them, and what others hold is not taken from them. For
 * one thread.
 */
final class NodePortClaims implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodePortClaims.class);

  private final Map<NodePort, NetworkChannel> held = new HashMap<>();

  /**
   * Holds these ports and no others.
   *
   * @return those that cannot be had, with the reason in the words of Go's {@code net.Listen}
   */
  Map<NodePort, String> hold(Collection<NodePort> wanted) {
    held.entrySet().removeIf(e -> !wanted.contains(e.getKey()) && closed(e.getValue()));
    var refused = new HashMap<NodePort, String>();
    for (NodePort port : wanted) {
      if (held.containsKey(port)) {
        continue;
      }
      try {
        held.put(port, bind(port));
      } catch (IOException e) {
        refused.put(port, reason(port, e));
      }
    }
    return refused;
  }

  /** Without the reuse of addresses, which lets two that do not listen have the same port. */
  private static NetworkChannel bind(NodePort port) throws IOException {
    NetworkChannel channel =
        port.protocol() == Protocol.TCP
            ? SocketChannel.open(StandardProtocolFamily.INET)
            : DatagramChannel.open(StandardProtocolFamily.INET);
    try {
      return channel.bind(new InetSocketAddress("0.0.0.0", port.number()));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static String reason(NodePort port, IOException e) {
    return "listen "
        + port.network()
        + " :"
        + port.number()
        + ": bind: "
        + String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
  }

  private static boolean closed(NetworkChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a node port was not given back well: {}", e.getMessage());
    }
    return true;
  }

  @Override
  public void close() {
    held.values().forEach(NodePortClaims::closed);
    held.clear();
  }
}
