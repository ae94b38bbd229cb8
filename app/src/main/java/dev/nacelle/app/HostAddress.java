package dev.nacelle.app;

import dev.nacelle.network.Ipv4;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Collections;
import java.util.Optional;

/** Finds the address that this host has in its network. */
final class HostAddress {
  /**
   * A documentation address: connecting a datagram socket to it sends nothing, but chooses a
   * source.
   */
  private static final InetSocketAddress SOMEWHERE = new InetSocketAddress("192.0.2.1", 9);

  private HostAddress() {}

  /**
   * The stated address, else that of the default route, else that of the first interface that is
   * up, else loopback.
   */
  static Ipv4 find(Optional<String> stated) throws StartException {
    if (stated.isPresent()) {
      try {
        return Ipv4.parse(stated.get());
      } catch (IllegalArgumentException e) {
        throw new StartException("cannot use --node-address: " + e.getMessage(), e);
      }
    }
    try (var socket = new DatagramSocket()) {
      socket.connect(SOMEWHERE);
      if (socket.getLocalAddress() instanceof Inet4Address address
          && !address.isAnyLocalAddress()) {
        return Ipv4.parse(address.getHostAddress());
      }
    } catch (IOException | RuntimeException e) {
      // no default route: look at the interfaces
    }
    return firstInterface().orElse(Ipv4.parse("127.0.0.1"));
  }

  private static Optional<Ipv4> firstInterface() throws StartException {
    try {
      for (NetworkInterface link : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (link.isUp() && !link.isLoopback()) {
          for (var address : Collections.list(link.getInetAddresses())) {
            if (address instanceof Inet4Address) {
              return Optional.of(Ipv4.parse(address.getHostAddress()));
            }
          }
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new StartException("cannot read the host's addresses: " + e.getMessage(), e);
    }
  }
}
