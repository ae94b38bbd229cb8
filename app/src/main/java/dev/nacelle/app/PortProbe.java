package dev.nacelle.app;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;

/** Tells whether a port of this host is free, so that no node port hides what listens there. */
final class PortProbe {
  private PortProbe() {}

  static boolean isFree(int port) {
    try (var tcp = new ServerSocket(port);
        var udp = new DatagramSocket(port)) {
      return tcp.isBound() && udp.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
