package dev.nacelle.kernel.netlink;

import java.nio.ByteBuffer;

/**
 * An IPv4 address of an interface.
 *
 * @param address in host order
 */
public record LinkAddress(int linkIndex, int address, int prefixLength) {

  static LinkAddress parse(ByteBuffer message) {
    Attributes attributes = Attributes.of(message, Message.HEADER + 8);
    return new LinkAddress(
        message.getInt(Message.HEADER + 4),
        attributes.address(attributes.has(Rt.IFA_LOCAL) ? Rt.IFA_LOCAL : Rt.IFA_ADDRESS),
        message.get(Message.HEADER + 1) & 0xff);
  }
}
