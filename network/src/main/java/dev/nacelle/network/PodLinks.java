package dev.nacelle.network;

import dev.nacelle.kernel.netlink.Link;
import dev.nacelle.kernel.netlink.NetlinkBatch;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.kernel.netlink.Route;
import dev.nacelle.kernel.netlink.VethPair;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The pairs of interfaces between host and pods. The host's side carries in its alias whose it is:
 * {@code nacelle/INSTANCE/POD/ADDRESS}; its name begins with a hash of the instance. Each pod has a
 * /32 and a gateway that exists only as a permanent neighbour; nobody asks by ARP.
 */
final class PodLinks {
  /** The number by which this platform's routes are known; see rtnetlink(7). */
  static final int ROUTE_PROTOCOL = 110;

  static final int LOCAL_MTU = 65_000;
  private static final String POD_INTERFACE = "eth0";
  private static final String PROGRAM = "pod_egress";
  private static final Ipv4 GATEWAY = Ipv4.parse("169.254.1.1");
  private static final long MAC_PREFIX = 0x0a58L << 32;

  private final DatapathConfig config;
  private final NetlinkSocket host;
  private final NetlinkSocket remover;
  private final String aliasPrefix;
  private final String namePrefix;
  private final int group;

  /** One of this instance's links, as found. */
  record Found(String podUid, Ipv4 address, Link link) {}

  /**
   * @param host a socket of the host's namespace
   * @param remover another one: removals wait long for the kernel and would hold up all else
   */
  PodLinks(DatapathConfig config, NetlinkSocket host, NetlinkSocket remover) {
    this.config = config;
    this.host = host;
    this.remover = remover;
    this.aliasPrefix = "nacelle/" + config.instance() + "/";
    this.namePrefix = "n" + hash(config.instance(), 5);
    this.group = ByteBuffer.wrap(digest(config.instance())).getInt() & 0x3fff_ffff | 0x4000_0000;
  }

  /** This instance's links; those that a crash left without a label are removed. */
  List<Found> adopt() {
    List<Found> found = new ArrayList<>();
    NetlinkBatch orphans = new NetlinkBatch();
    for (Link link : host.links()) {
      String[] label =
          link.alias().startsWith(aliasPrefix)
              ? link.alias().substring(aliasPrefix.length()).split("/", 2)
              : new String[0];
      if (label.length == 2 && link.state() == Link.State.UP) {
        found.add(new Found(label[0], Ipv4.parse(label[1]), link));
      } else if (label.length == 2
          || (link.name().startsWith(namePrefix) && link.kind().equals("veth"))) {
        orphans.deleteLink(link.index());
      }
    }
    if (!orphans.isEmpty()) {
      host.send(orphans);
    }
    return found;
  }

  boolean isOurs(Link link) {
    return link.alias().startsWith("nacelle/");
  }

  String name(String podUid) {
    return namePrefix + hash(podUid, 9);
  }

  static long mac(Ipv4 address) {
    return MAC_PREFIX | Integer.toUnsignedLong(address.bits());
  }

  /** The host's side of a pod, made if it is missing or leads elsewhere. */
  Link connect(String podUid, Ipv4 address, NetworkNamespace pod, NetlinkSocket inPod) {
    String name = name(podUid);
    Optional<Link> existing = host.link(name);
    if (existing.isPresent()) {
      int index = existing.get().index();
      boolean connected =
          inPod
              .link(POD_INTERFACE)
              .filter(l -> l.peerIndex() == index && existing.get().peerIndex() == l.index())
              .isPresent();
      if (connected) {
        return existing.get();
      }
      host.send(new NetlinkBatch().deleteLink(index));
    }
    host.send(
        new NetlinkBatch()
            .createVeth(
                new VethPair(
                    name, mac(GATEWAY), POD_INTERFACE, mac(address), pod.descriptor(), LOCAL_MTU)));
    return host.link(name)
        .orElseThrow(() -> new DatapathException("cannot find interface " + name + " just made"));
  }

  /** Sets up the host's side: program, label, forwarding, route, neighbour. */
  void configureHost(String podUid, Ipv4 address, Link link, int program) {
    host.send(
        new NetlinkBatch()
            .withoutIpv6(link.index())
            .onReceive(link.index(), program, PROGRAM)
            .upForwarding(link.index(), aliasPrefix + podUid + "/" + address, group)
            .neighbour(link.index(), address.bits(), mac(address))
            .route(
                Route.toHost(
                    address.bits(), ROUTE_PROTOCOL, link.index(), config.nodeAddress().bits())));
  }

  /** Puts this build's program in the place of an earlier one. */
  void renew(Link link, int program) {
    host.send(new NetlinkBatch().onReceive(link.index(), program, PROGRAM));
  }

  /**
   * Sets up the pod's side. Pods and host speak in long packets; what leaves the host is as long as
   * the uplink lets it be.
   */
  void configurePod(Ipv4 address, NetlinkSocket inPod, int uplinkMtu) {
    Link link =
        inPod
            .link(POD_INTERFACE)
            .orElseThrow(
                () -> new DatapathException("cannot find " + POD_INTERFACE + " in the pod"));
    int index = link.index();
    inPod.send(
        new NetlinkBatch()
            .upLoopback()
            .withoutIpv6(index)
            .up(index)
            .address(index, address.bits(), 32)
            .neighbour(index, GATEWAY.bits(), mac(GATEWAY))
            .route(viaGateway(index, config.podCidr(), 0))
            .route(viaGateway(index, new Ipv4Range(config.nodeAddress(), 32), 0))
            .route(viaGateway(index, new Ipv4Range(Ipv4.ANY, 0), uplinkMtu)));
  }

  private static Route viaGateway(int index, Ipv4Range to, int mtu) {
    return new Route(
        Route.Kind.ON_LINK,
        to.first().bits(),
        to.prefixLength(),
        ROUTE_PROTOCOL,
        index,
        GATEWAY.bits(),
        0,
        0,
        mtu);
  }

  /** Removes a pod's pair of interfaces, if there is one. */
  void remove(String podUid) {
    host.link(name(podUid))
        .ifPresent(link -> remover.send(new NetlinkBatch().deleteLink(link.index())));
  }

  /** Removes all of this instance's pairs. */
  void removeAll() {
    remover.send(new NetlinkBatch().deleteGroup(group));
    adopt().forEach(found -> remove(found.podUid()));
  }

  private static String hash(String text, int characters) {
    byte[] digest = digest(text);
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < characters; i++) {
      name.append("abcdefghijklmnopqrstuvwxyz234567".charAt(digest[i] & 31));
    }
    return name.toString();
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
