package dev.nacelle.kernel.netlink;

import java.nio.ByteBuffer;

/**
 * A network interface as the kernel reports it.
 *
 * @param alias free text that its maker has put there; empty if none
 * @param kind {@code veth}, {@code bridge}...; empty for physical ones
 * @param mtu in bytes
 * @param peerIndex of the other end of a pair, in its own namespace; 0 if there is none
 */
public record Link(
    int index, String name, String alias, String kind, int mtu, int peerIndex, State state) {

  /** Whether it is administratively up. */
  public enum State {
    UP,
    DOWN
  }

  static Link parse(ByteBuffer message) {
    Attributes attributes = Attributes.of(message, Message.HEADER + 16);
    return new Link(
        message.getInt(Message.HEADER + 4),
        attributes.text(Rt.IFLA_IFNAME),
        attributes.text(Rt.IFLA_IFALIAS),
        attributes.nested(Rt.IFLA_LINKINFO).text(Rt.INFO_KIND),
        attributes.integer(Rt.IFLA_MTU),
        attributes.integer(Rt.IFLA_LINK),
        (message.getInt(Message.HEADER + 8) & Rt.IFF_UP) != 0 ? State.UP : State.DOWN);
  }
}
