package dev.nacelle.kernel.netlink;

import java.nio.ByteBuffer;

/**
 * A network interface as the kernel reports it.
 *
 * @param alias free text that its maker has put there; empty if none
 * @param kind {@code veth}, {@code bridge}...; empty for physical ones
 * @param hardware what its frames look like, an {@code ARPHRD_*} number; {@link #ETHERNET} for most
 * @param mtu in bytes
 * @param peerIndex of the other end of a pair, in its own namespace; 0 if there is none
 */
public record Link(
    int index,
    String name,
    String alias,
    String kind,
    int hardware,
    int mtu,
    int peerIndex,
    State state) {

  /** {@code ARPHRD_ETHER}. */
  public static final int ETHERNET = 1;

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
        message.getShort(Message.HEADER + 2) & 0xffff,
        attributes.integer(Rt.IFLA_MTU),
        attributes.integer(Rt.IFLA_LINK),
        (message.getInt(Message.HEADER + 8) & Rt.IFF_UP) != 0 ? State.UP : State.DOWN);
  }
}
