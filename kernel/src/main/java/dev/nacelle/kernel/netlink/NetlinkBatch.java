package dev.nacelle.kernel.netlink;

import dev.nacelle.kernel.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Requests that go to the kernel together. Each states a wish: what is so already is no error,
 * except where said.
 */
public final class NetlinkBatch {
  private static final int EAFNOSUPPORT = 97;
  private static final int CHANGE = Message.REQUEST | Message.ACK;

  private final List<Message> messages = new ArrayList<>();

  List<Message> messages() {
    return messages;
  }

  public boolean isEmpty() {
    return messages.isEmpty();
  }

  /** Makes a pair of interfaces; a taken name is an error (EEXIST). */
  public NetlinkBatch createVeth(VethPair pair) {
    Message message =
        add(
                "create interface " + pair.name(),
                Rt.NEWLINK,
                Message.CREATE | Message.EXCLUSIVE,
                Set.of())
            .link(0, 0, 0);
    end(message, pair.name(), pair.mac(), pair.mtu());
    int info = message.open(Rt.IFLA_LINKINFO);
    message.attribute(Rt.INFO_KIND, "veth");
    int data = message.open(Rt.INFO_DATA);
    int peer = message.open(Rt.VETH_PEER);
    message.link(0, 0, 0);
    end(message, pair.peerName(), pair.peerMac(), pair.mtu());
    message.attribute(Rt.IFLA_NET_NS_FD, pair.peerNamespace());
    message.close(peer).close(data).close(info);
    return this;
  }

  private static void end(Message message, String name, long mac, int mtu) {
    message
        .attribute(Rt.IFLA_IFNAME, name)
        .attribute(Rt.IFLA_MTU, mtu)
        .attribute(Rt.IFLA_ADDRESS, VethPair.bytes(mac))
        .attribute(Rt.IFLA_NUM_TX_QUEUES, 1)
        .attribute(Rt.IFLA_NUM_RX_QUEUES, 1);
  }

  /** Keeps an interface from making itself an IPv6 address. */
  public NetlinkBatch withoutIpv6(int index) {
    Message message =
        add(
                "turn off IPv6 of interface " + index,
                Rt.NEWLINK,
                0,
                Set.of(EAFNOSUPPORT, Errno.EOPNOTSUPP))
            .link(index, 0, 0);
    int families = message.open(Rt.IFLA_AF_SPEC);
    int inet6 = message.open(Rt.AF_INET6);
    message.attribute(Rt.INET6_ADDR_GEN_MODE, new byte[] {Rt.ADDR_GEN_NONE});
    message.close(inet6).close(families);
    return this;
  }

  /** Brings an interface up. */
  public NetlinkBatch up(int index) {
    set("bring up interface " + index, index);
    return this;
  }

  /**
   * Brings an interface up that forwards the IPv4 packets it receives, and labels it.
   *
   * @param group a number by which {@link #deleteGroup} finds it
   */
  public NetlinkBatch upForwarding(int index, String alias, int group) {
    Message message = set("bring up interface " + index, index);
    message.attribute(Rt.IFLA_IFALIAS, alias).attribute(Rt.IFLA_GROUP, group);
    int families = message.open(Rt.IFLA_AF_SPEC);
    int inet = message.open(Rt.AF_INET);
    int conf = message.open(Rt.INET_CONF);
    message.attribute(Rt.DEVCONF_FORWARDING, 1);
    message.close(conf).close(inet).close(families);
    return this;
  }

  /**
   * Lets a bpf program decide on all packets that an interface receives, in the place of one that
   * was set so before. Unlike an attachment by bpf(2), which waits some 15 ms for readers, this
   * takes microseconds; it ends with the interface. See tc-bpf(8), direct action.
   *
   * @param program the descriptor of a program of tc's kind
   */
  public NetlinkBatch onReceive(int index, int program, String name) {
    add("add clsact to interface " + index, Rt.NEWQDISC, Message.CREATE, Set.of(Errno.EEXIST))
        .int32(0)
        .int32(index)
        .int32(Rt.CLSACT_HANDLE)
        .int32(Rt.CLSACT)
        .int32(0)
        .attribute(Rt.TCA_KIND, "clsact");
    Message filter =
        add("attach " + name + " to interface " + index, Rt.NEWTFILTER, create(), Set.of())
            .int32(0)
            .int32(index)
            .int32(1)
            .int32(Rt.CLSACT_INGRESS)
            .int32(Rt.PRIORITY_1_ALL_PROTOCOLS)
            .attribute(Rt.TCA_KIND, "bpf");
    int options = filter.open(Rt.TCA_OPTIONS);
    filter
        .attribute(Rt.TCA_BPF_FD, program)
        .attribute(Rt.TCA_BPF_NAME, name)
        .attribute(Rt.TCA_BPF_FLAGS, Rt.DIRECT_ACTION)
        .close(options);
    return this;
  }

  /** Brings the loopback interface up. */
  public NetlinkBatch upLoopback() {
    set("bring up interface lo", 1);
    return this;
  }

  private Message set(String what, int index) {
    return add(what, Rt.NEWLINK, 0, Set.of()).link(index, Rt.IFF_UP, Rt.IFF_UP);
  }

  /** Removes an interface, and its peer with it. */
  public NetlinkBatch deleteLink(int index) {
    add("delete interface " + index, Rt.DELLINK, 0, Set.of(Errno.ENODEV)).link(index, 0, 0);
    return this;
  }

  /** Removes all interfaces of a group at once: far cheaper than one after the other. */
  public NetlinkBatch deleteGroup(int group) {
    add("delete interfaces", Rt.DELLINK, 0, Set.of(Errno.ENODEV))
        .link(0, 0, 0)
        .attribute(Rt.IFLA_GROUP, group);
    return this;
  }

  /** Gives an interface an address; in host order. */
  public NetlinkBatch address(int index, int address, int prefixLength) {
    add("add an address to interface " + index, Rt.NEWADDR, create(), Set.of(Errno.EEXIST))
        .int8(Rt.AF_INET)
        .int8(prefixLength)
        .int8(0)
        .int8(Rt.SCOPE_UNIVERSE)
        .int32(index)
        .address(Rt.IFA_LOCAL, address)
        .address(Rt.IFA_ADDRESS, address);
    return this;
  }

  /** Sets a route in the place of one with the same destination and metric. */
  public NetlinkBatch route(Route route) {
    encode(add("add route " + text(route), Rt.NEWROUTE, create(), Set.of()), route);
    return this;
  }

  /** Removes a route. */
  public NetlinkBatch deleteRoute(Route route) {
    encode(
        add("delete route " + text(route), Rt.DELROUTE, 0, Set.of(Errno.ESRCH, Errno.ENODEV)),
        route);
    return this;
  }

  private static void encode(Message message, Route route) {
    boolean direct = route.gateway() == 0 && route.kind() == Route.Kind.UNICAST;
    message
        .int8(Rt.AF_INET)
        .int8(route.prefixLength())
        .int8(0)
        .int8(0)
        .int8(Rt.TABLE_MAIN)
        .int8(route.protocol())
        .int8(direct ? Rt.SCOPE_LINK : Rt.SCOPE_UNIVERSE)
        .int8(route.kind() == Route.Kind.UNREACHABLE ? Rt.RTN_UNREACHABLE : Rt.RTN_UNICAST)
        .int32(route.kind() == Route.Kind.ON_LINK ? Rt.RTNH_F_ONLINK : 0);
    if (route.prefixLength() > 0) {
      message.address(Rt.RTA_DST, route.destination());
    }
    if (route.linkIndex() != 0) {
      message.attribute(Rt.RTA_OIF, route.linkIndex());
    }
    if (route.gateway() != 0) {
      message.address(Rt.RTA_GATEWAY, route.gateway());
    }
    if (route.source() != 0) {
      message.address(Rt.RTA_PREFSRC, route.source());
    }
    if (route.metric() != 0) {
      message.attribute(Rt.RTA_PRIORITY, route.metric());
    }
    if (route.mtu() != 0) {
      int metrics = message.open(Rt.RTA_METRICS);
      message.attribute(Rt.RTAX_MTU, route.mtu());
      message.close(metrics);
    }
  }

  private static String text(Route route) {
    int d = route.destination();
    return "%d.%d.%d.%d/%d"
        .formatted(d >>> 24, d >>> 16 & 255, d >>> 8 & 255, d & 255, route.prefixLength());
  }

  /** States for good which hardware address an IPv4 neighbour has. */
  public NetlinkBatch neighbour(int index, int address, long mac) {
    add("add a neighbour to interface " + index, Rt.NEWNEIGH, create(), Set.of())
        .int8(Rt.AF_INET)
        .int8(0)
        .int16(0)
        .int32(index)
        .int16(Rt.NUD_PERMANENT)
        .int8(0)
        .int8(Rt.RTN_UNICAST)
        .address(Rt.NDA_DST, address)
        .attribute(Rt.NDA_LLADDR, VethPair.bytes(mac));
    return this;
  }

  private static int create() {
    return Message.CREATE | Message.REPLACE;
  }

  private Message add(String what, int type, int flags, Set<Integer> tolerated) {
    Message message = new Message(what, type, CHANGE | flags, tolerated);
    messages.add(message);
    return message;
  }
}
