package dev.nacelle.network;

/**
 * One ready endpoint of a Service.
 *
 * @param address of the pod, or of a host for pods in the host's network
 * @param port 1 to 65535
 * @param placement whether it runs on this host
 */
public record Backend(Ipv4 address, int port, Placement placement) {

  /** Where a backend runs, seen from this host; for {@link TrafficPolicy#LOCAL}. */
  public enum Placement {
    LOCAL,
    REMOTE
  }

  public Backend {
    checkPort(port);
    if (address.equals(Ipv4.ANY)) {
      throw new IllegalArgumentException("cannot use 0.0.0.0 as a backend");
    }
  }

  public static Backend local(Ipv4 address, int port) {
    return new Backend(address, port, Placement.LOCAL);
  }

  public static Backend remote(Ipv4 address, int port) {
    return new Backend(address, port, Placement.REMOTE);
  }

  static void checkPort(int port) {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("cannot use port " + port + ": not within 1-65535");
    }
  }
}
