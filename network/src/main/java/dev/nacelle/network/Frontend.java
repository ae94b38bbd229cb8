package dev.nacelle.network;

/**
 * Where clients of a Service knock.
 *
 * @param kind who may come here
 * @param address the cluster or external address; {@link Ipv4#ANY} for a node port
 * @param port 1 to 65535
 */
public record Frontend(Kind kind, Ipv4 address, int port) {

  /** Who may come, and which traffic policy holds. */
  public enum Kind {
    /** Pods and processes of the cluster's hosts; the internal policy. */
    CLUSTER,
    /** A port on every address of this host; the external policy. Also right for host ports. */
    NODE_PORT,
    /** {@code spec.externalIPs} and load balancer addresses; the external policy. */
    EXTERNAL
  }

  public Frontend {
    Backend.checkPort(port);
    if (address.equals(Ipv4.ANY) != (kind == Kind.NODE_PORT)) {
      throw new IllegalArgumentException(
          "cannot use frontend "
              + address
              + ":"
              + port
              + " as "
              + kind
              + ": only a node port has"
              + " no address of its own");
    }
  }

  public static Frontend clusterIp(Ipv4 address, int port) {
    return new Frontend(Kind.CLUSTER, address, port);
  }

  public static Frontend nodePort(int port) {
    return new Frontend(Kind.NODE_PORT, Ipv4.ANY, port);
  }

  public static Frontend external(Ipv4 address, int port) {
    return new Frontend(Kind.EXTERNAL, address, port);
  }
}
