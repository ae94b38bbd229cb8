package dev.nacelle.network;

import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.kernel.netlink.Link;
import dev.nacelle.kernel.netlink.LinkAddress;
import dev.nacelle.kernel.netlink.NetlinkBatch;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.kernel.netlink.Route;
import dev.nacelle.network.HostRoutes.HostRoute;
import dev.nacelle.network.Layouts.ClusterKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The host's own side: its addresses, the interfaces that lead off it, the routes to other hosts
 * and the refusal of what nobody holds. One writer: callers take turns.
 */
final class HostNetwork {
  private static final int LAST_METRIC = 0x7fff_0000;
  private static final int DEFAULT_MTU = 1500;
  private static final int LOOPBACK_INDEX = 1;

  private final DatapathConfig config;
  private final NetlinkSocket host;
  private final NetworkNamespace namespace;
  private final PinnedObjects objects;
  private final PodLinks pods;
  private volatile int uplinkMtu = DEFAULT_MTU;
  private HostRoutes applied = new HostRoutes(List.of());

  HostNetwork(
      DatapathConfig config,
      NetlinkSocket host,
      NetworkNamespace namespace,
      PinnedObjects objects,
      PodLinks pods) {
    this.config = config;
    this.host = host;
    this.namespace = namespace;
    this.objects = objects;
    this.pods = pods;
  }

  /** The longest packet that leaves the host whole, in bytes. */
  int uplinkMtu() {
    return uplinkMtu;
  }

  /** The other hosts as the routes say that an earlier process has left. */
  HostRoutes present() {
    return new HostRoutes(
        ours().stream()
            .filter(r -> r.gateway() != 0)
            .map(
                r ->
                    new HostRoute(
                        new Ipv4Range(new Ipv4(r.destination()), r.prefixLength()),
                        new Ipv4(r.gateway())))
            .toList());
  }

  /** Makes routes and maps those that the other hosts and this host's present interfaces ask. */
  void apply(HostRoutes wanted) {
    List<LinkAddress> addresses = host.addresses();
    Map<Integer, Ipv4> uplinks = uplinks(addresses);
    attachUplinks(uplinks);
    fill(objects.map("locals"), locals(addresses));
    fill(objects.map("cluster"), cluster(wanted, addresses));
    routes(wanted);
    applied = wanted;
  }

  /** Follows a change of this host's interfaces. */
  void refresh() {
    apply(applied);
  }

  private Map<Integer, Ipv4> uplinks(List<LinkAddress> addresses) {
    Map<Integer, Ipv4> uplinks = new HashMap<>();
    int mtu = Integer.MAX_VALUE;
    for (Link link : host.links()) {
      boolean leadsOff = link.index() != LOOPBACK_INDEX && link.hardware() == Link.ETHERNET;
      if (!leadsOff || pods.isOurs(link)) {
        continue;
      }
      List<Ipv4> own =
          addresses.stream()
              .filter(a -> a.linkIndex() == link.index())
              .map(a -> new Ipv4(a.address()))
              .toList();
      if (!own.isEmpty()) {
        Ipv4 source = own.contains(config.nodeAddress()) ? config.nodeAddress() : own.getFirst();
        uplinks.put(link.index(), source);
        mtu = Math.min(mtu, link.mtu());
      }
    }
    uplinkMtu = uplinks.isEmpty() ? DEFAULT_MTU : Math.min(mtu, PodLinks.LOCAL_MTU);
    return uplinks;
  }

  private void attachUplinks(Map<Integer, Ipv4> uplinks) {
    Map<Integer, byte[]> values = new HashMap<>();
    uplinks.forEach((index, address) -> values.put(index, Layouts.address(address.bits())));
    List<Map.Entry<byte[], byte[]>> entries = new ArrayList<>();
    values.forEach((index, value) -> entries.add(Map.entry(Layouts.number(index), value)));
    for (Map.Entry<byte[], byte[]> former : objects.map("uplinks").entries()) {
      int index = Layouts.number(former.getKey());
      if (!uplinks.containsKey(index)) {
        objects.detachFromUplink(index);
      }
    }
    fill(objects.map("uplinks"), entries);
    namespace.call(
        () -> {
          uplinks.keySet().forEach(objects::attachToUplink);
          return uplinks;
        });
  }

  private static List<Map.Entry<byte[], byte[]>> locals(List<LinkAddress> addresses) {
    return addresses.stream()
        .filter(a -> a.linkIndex() != LOOPBACK_INDEX || a.address() >>> 24 != 127)
        .map(a -> Map.entry(Layouts.address(a.address()), Layouts.number(1)))
        .toList();
  }

  private List<Map.Entry<byte[], byte[]>> cluster(HostRoutes wanted, List<LinkAddress> addresses) {
    List<Map.Entry<byte[], byte[]>> entries = new ArrayList<>();
    entries.add(range(config.clusterCidr(), 0));
    entries.add(range(new Ipv4Range(config.nodeAddress(), 32), 0));
    for (HostRoute other : wanted.hosts()) {
      if (isSelf(other)) {
        continue;
      }
      int index =
          addresses.stream()
              .filter(a -> subnet(a).contains(other.nodeAddress()))
              .mapToInt(LinkAddress::linkIndex)
              .findFirst()
              .orElse(0);
      entries.add(range(other.podCidr(), index));
      entries.add(range(new Ipv4Range(other.nodeAddress(), 32), index));
    }
    return entries;
  }

  private boolean isSelf(HostRoute route) {
    return route.podCidr().equals(config.podCidr())
        || route.nodeAddress().equals(config.nodeAddress());
  }

  private static Ipv4Range subnet(LinkAddress address) {
    int length = address.prefixLength();
    int mask = length == 0 ? 0 : -1 << (32 - length);
    return new Ipv4Range(new Ipv4(address.address() & mask), length);
  }

  private static Map.Entry<byte[], byte[]> range(Ipv4Range range, int interfaceIndex) {
    return Map.entry(
        new ClusterKey(range.prefixLength(), range.first().bits()).bytes(),
        Layouts.number(interfaceIndex));
  }

  /** Makes a small map hold exactly these entries, writing the difference. */
  private static void fill(BpfMap map, List<Map.Entry<byte[], byte[]>> wanted) {
    Map<List<Byte>, byte[]> present = new HashMap<>();
    map.entries().forEach(e -> present.put(boxed(e.getKey()), e.getValue()));
    Set<List<Byte>> kept = new HashSet<>();
    for (Map.Entry<byte[], byte[]> entry : wanted) {
      List<Byte> key = boxed(entry.getKey());
      kept.add(key);
      byte[] value = present.get(key);
      if (value == null || !Arrays.equals(value, entry.getValue())) {
        map.put(entry.getKey(), entry.getValue());
      }
    }
    map.entries().stream()
        .filter(e -> !kept.contains(boxed(e.getKey())))
        .forEach(e -> map.remove(e.getKey()));
  }

  private static List<Byte> boxed(byte[] bytes) {
    List<Byte> list = new ArrayList<>(bytes.length);
    for (byte b : bytes) {
      list.add(b);
    }
    return list;
  }

  private void routes(HostRoutes wanted) {
    Set<Route> desired = new HashSet<>();
    desired.add(refusal(config.clusterCidr()));
    desired.add(refusal(config.serviceCidr()));
    for (HostRoute other : wanted.hosts()) {
      if (!isSelf(other)) {
        desired.add(
            new Route(
                Route.Kind.UNICAST,
                other.podCidr().first().bits(),
                other.podCidr().prefixLength(),
                PodLinks.ROUTE_PROTOCOL,
                0,
                other.nodeAddress().bits(),
                0,
                0,
                0));
      }
    }
    NetlinkBatch batch = new NetlinkBatch();
    Set<Route> present = new HashSet<>(ours());
    present.stream().filter(r -> !desired.contains(r)).forEach(batch::deleteRoute);
    desired.stream().filter(r -> !present.contains(r)).forEach(batch::route);
    if (!batch.isEmpty()) {
      host.send(batch);
    }
  }

  private static Route refusal(Ipv4Range range) {
    return Route.unreachable(
        range.first().bits(), range.prefixLength(), PodLinks.ROUTE_PROTOCOL, LAST_METRIC);
  }

  /** Routes of this instance except those to its pods: refusals, and ways by another host. */
  private List<Route> ours() {
    return host.routes().stream()
        .filter(r -> r.protocol() == PodLinks.ROUTE_PROTOCOL)
        .filter(r -> r.kind() == Route.Kind.UNREACHABLE || r.gateway() != 0)
        .filter(
            r ->
                config.clusterCidr().contains(new Ipv4(r.destination()))
                    || config.serviceCidr().contains(new Ipv4(r.destination())))
        .map(
            r ->
                new Route(
                    r.kind(),
                    r.destination(),
                    r.prefixLength(),
                    r.protocol(),
                    0,
                    r.gateway(),
                    0,
                    r.metric(),
                    0))
        .toList();
  }

  /** Removes this instance's routes except those that go with the pods' links. */
  void release() {
    NetlinkBatch batch = new NetlinkBatch();
    ours().forEach(batch::deleteRoute);
    if (!batch.isEmpty()) {
      host.send(batch);
    }
  }
}
