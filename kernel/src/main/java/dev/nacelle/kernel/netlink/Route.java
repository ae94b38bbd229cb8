package dev.nacelle.kernel.netlink;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An IPv4 route of the main table. Addresses are in host order; 0 stands for none.
 *
 * @param kind what happens to packets
 * @param protocol a number that says who made it; see rtnetlink(7)
 * @param linkIndex the interface, 0 to let the kernel find the gateway's
 * @param gateway the next hop, 0 if on the link
 * @param source the preferred source address, 0 for the kernel's choice
 * @param metric the higher, the later it is taken
 * @param mtu in bytes, 0 for the interface's
 */
public record Route(
    Kind kind,
    int destination,
    int prefixLength,
    int protocol,
    int linkIndex,
    int gateway,
    int source,
    int metric,
    int mtu) {

  /** What happens to packets. */
  public enum Kind {
    /** They go to the gateway, or to the link. */
    UNICAST,
    /** As unicast, and the gateway is reachable on the link although no route says so. */
    ON_LINK,
    /** They are refused with an ICMP error. */
    UNREACHABLE
  }

  /** A refusal for a whole range. */
  public static Route unreachable(int destination, int prefixLength, int protocol, int metric) {
    return new Route(Kind.UNREACHABLE, destination, prefixLength, protocol, 0, 0, 0, metric, 0);
  }

  /** A single address behind an interface. */
  public static Route toHost(int destination, int protocol, int linkIndex, int source) {
    return new Route(Kind.UNICAST, destination, 32, protocol, linkIndex, 0, source, 0, 0);
  }

  static Optional<Route> parse(ByteBuffer message) {
    Attributes attributes = Attributes.of(message, Message.HEADER + 12);
    int type = message.get(Message.HEADER + 7);
    boolean known = type == Rt.RTN_UNICAST || type == Rt.RTN_UNREACHABLE;
    if (!known || attributes.integer(Rt.RTA_TABLE) != Rt.TABLE_MAIN) {
      return Optional.empty();
    }
    return Optional.of(
        new Route(
            type == Rt.RTN_UNREACHABLE
                ? Kind.UNREACHABLE
                : (message.getInt(Message.HEADER + 8) & Rt.RTNH_F_ONLINK) != 0
                    ? Kind.ON_LINK
                    : Kind.UNICAST,
            attributes.address(Rt.RTA_DST),
            message.get(Message.HEADER + 1) & 0xff,
            message.get(Message.HEADER + 5) & 0xff,
            attributes.integer(Rt.RTA_OIF),
            attributes.address(Rt.RTA_GATEWAY),
            attributes.address(Rt.RTA_PREFSRC),
            attributes.integer(Rt.RTA_PRIORITY),
            attributes.nested(Rt.RTA_METRICS).integer(Rt.RTAX_MTU)));
  }
}
