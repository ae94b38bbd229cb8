package dev.nacelle.kernel.netlink;

/** Numbers of linux/rtnetlink.h, if_link.h, if_addr.h, neighbour.h and pkt_cls.h. */
final class Rt {
  static final int NEWLINK = 16;
  static final int DELLINK = 17;
  static final int GETLINK = 18;
  static final int NEWADDR = 20;
  static final int GETADDR = 22;
  static final int NEWROUTE = 24;
  static final int DELROUTE = 25;
  static final int GETROUTE = 26;
  static final int NEWNEIGH = 28;

  static final int NEWQDISC = 36;
  static final int NEWTFILTER = 44;

  static final int CLSACT = 0xffff_fff1;
  static final int CLSACT_HANDLE = 0xffff_0000;
  static final int CLSACT_INGRESS = 0xffff_fff2;
  static final int PRIORITY_1_ALL_PROTOCOLS = 1 << 16 | 0x0300;
  static final int TCA_KIND = 1;
  static final int TCA_OPTIONS = 2;
  static final int TCA_BPF_FD = 6;
  static final int TCA_BPF_NAME = 7;
  static final int TCA_BPF_FLAGS = 8;
  static final int DIRECT_ACTION = 1;

  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int IFF_UP = 1;

  static final int IFLA_ADDRESS = 1;
  static final int IFLA_IFNAME = 3;
  static final int IFLA_MTU = 4;
  static final int IFLA_LINK = 5;
  static final int IFLA_LINKINFO = 18;
  static final int IFLA_IFALIAS = 20;
  static final int IFLA_AF_SPEC = 26;
  static final int IFLA_GROUP = 27;
  static final int IFLA_NET_NS_FD = 28;
  static final int IFLA_NUM_TX_QUEUES = 31;
  static final int IFLA_NUM_RX_QUEUES = 32;
  static final int INFO_KIND = 1;
  static final int INFO_DATA = 2;
  static final int VETH_PEER = 1;
  static final int INET_CONF = 1;
  static final int DEVCONF_FORWARDING = 1;
  static final int INET6_ADDR_GEN_MODE = 8;
  static final int ADDR_GEN_NONE = 1;

  static final int IFA_ADDRESS = 1;
  static final int IFA_LOCAL = 2;

  static final int TABLE_MAIN = 254;
  static final int SCOPE_UNIVERSE = 0;
  static final int SCOPE_LINK = 253;
  static final int RTN_UNICAST = 1;
  static final int RTN_UNREACHABLE = 7;
  static final int RTA_DST = 1;
  static final int RTA_OIF = 4;
  static final int RTA_GATEWAY = 5;
  static final int RTA_PRIORITY = 6;
  static final int RTA_PREFSRC = 7;
  static final int RTA_METRICS = 8;
  static final int RTA_TABLE = 15;
  static final int RTAX_MTU = 2;
  static final int RTNH_F_ONLINK = 4;

  static final int NDA_DST = 1;
  static final int NDA_LLADDR = 2;
  static final int NUD_PERMANENT = 0x80;

  private Rt() {}
}
