/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets on their way: Services for clients off the host, masquerade of pods, and the short way
 * between pods of one host. Attached by tcx beside other instances'; what is not ours goes on.
 */
#include "packet.h"
#include "services.h"

#define NEXT -1
#define DROP 2

char license_text[] SECTION("license") = "Apache-2.0";

/* Hands a packet to a pod without a walk through the host's stack. */
INLINE int deliver(struct __sk_buff *skb, const struct endpoint *endpoint) {
  store_bytes(skb, 0, endpoint->mac, ETH_ALEN, 0);
  return redirect_peer(endpoint->interface, 0);
}

/* Keeps both directions of a flow informed. */
INLINE void touch(struct flow *flow, const struct packet *packet, __u8 hook_back) {
  __u32 now = now_seconds();
  if (flow->seen != now) {
    flow->seen = now;
  }
  if (packet->tcp_bits & (TCP_FIN | TCP_RST)) {
    flow->closed = 1;
    struct flow_key key = opposite(flow, packet->protocol, hook_back);
    struct flow *back = lookup(&flows, &key);
    if (back) {
      back->closed = 1;
    }
  }
}

INLINE int is_idle(const struct flow *flow, __u8 protocol, __u32 now) {
  __u32 idle = now - flow->seen;
  return flow->closed ? idle > IDLE_CLOSED
                      : idle > (protocol == IPPROTO_TCP ? IDLE_STREAM : IDLE_DATAGRAM);
}

/*
 * Gives a flow a port of the uplink's address: fills in the source of its new form, and records
 * the way back. Returns 0 if none is free.
 */
INLINE int take_port(struct flow *forth, struct flow *back, __u8 protocol) {
  __u32 start = random_number();
  for (__u32 i = 0; i < NAT_ATTEMPTS; i++) {
    __be16 port = be16((__u16)(NAT_FIRST_PORT + (start + i * NAT_STRIDE) % NAT_PORTS));
    /* The echo's one number is the source port of the request and all that the reply has. */
    forth->to.source_port = port;
    struct flow_key key = opposite(forth, protocol, ARRIVING);
    if (update(&flows, &key, back, BPF_NOEXIST) == 0) {
      return 1;
    }
    struct flow *holder = lookup(&flows, &key);
    if (holder && is_idle(holder, protocol, back->seen)) {
      update(&flows, &key, back, BPF_ANY);
      return 1;
    }
  }
  count(NO_PORT_LEFT);
  return 0;
}

/* To a pod of this host, past the host's own routing, or else to whoever comes next. */
INLINE int hand_on(struct __sk_buff *skb, __be32 destination) {
  struct endpoint *pod = lookup(&endpoints, &destination);
  return pod ? deliver(skb, pod) : NEXT;
}

/* The first packet of a client off the host: it may knock at a Service. */
INLINE int admit(struct __sk_buff *skb, const struct packet *packet, const struct flow_key *key) {
  if (packet->protocol == IPPROTO_ICMP || !packet->first) {
    return hand_on(skb, packet->tuple.destination);
  }
  const struct tuple *tuple = &packet->tuple;
  struct frontend *frontend =
      find_frontend(tuple->destination, tuple->destination_port, packet->protocol,
                    lookup(&locals, &tuple->destination) != 0);
  if (!frontend || frontend->kind == FRONTEND_CLUSTER) {
    return hand_on(skb, tuple->destination);
  }
  struct backend to = {};
  if (!choose(frontend->far_set, tuple->source, random_number(), &to)) {
    return NEXT; /* nobody listens on the host: it refuses */
  }
  struct flow forth = {.seen = now_seconds(), .set = frontend->far_set};
  forth.to.source = tuple->source;
  forth.to.source_port = tuple->source_port;
  forth.to.destination = to.address;
  forth.to.destination_port = to.port;
  struct flow back = {.seen = forth.seen};
  back.to.source = tuple->destination;
  back.to.source_port = tuple->destination_port;
  back.to.destination = tuple->source;
  back.to.destination_port = tuple->source_port;

  struct endpoint *pod = lookup(&endpoints, &to.address);
  if (pod || lookup(&locals, &to.address)) {
    struct flow_key back_key = opposite(&forth, packet->protocol, LEAVING);
    update(&flows, &back_key, &back, BPF_ANY);
  } else {
    /* A backend on another host must answer through us. */
    struct cluster_key range_key = {.prefix_length = 32, .address = to.address};
    struct cluster_range *range = lookup(&cluster, &range_key);
    forth.interface = range && range->interface ? range->interface : skb->ifindex;
    back.interface = skb->ifindex;
    struct uplink *uplink = lookup(&uplinks, &forth.interface);
    if (!uplink) {
      return NEXT;
    }
    forth.to.source = uplink->address;
    if (!take_port(&forth, &back, packet->protocol)) {
      return DROP;
    }
  }
  update(&flows, key, &forth, BPF_ANY);
  rewrite(skb, packet, &forth.to);
  if (forth.interface) {
    return redirect_neighbour(forth.interface, 0, 0, 0);
  }
  return pod ? deliver(skb, pod) : NEXT;
}

/*
 * An ICMP error that answers what a pod sent outside: its host's address in it, and in the packet
 * that it quotes, becomes the pod's. Path MTU discovery lives by these.
 */
INLINE int answer_with_error(struct __sk_buff *skb, const struct packet *packet) {
  __be32 outer = packet->tuple.destination;
  __u32 at = packet->transport + 8;
  struct iphdr quoted;
  __be16 start[4];
  if (load_bytes(skb, at, &quoted, sizeof(quoted)) ||
      load_bytes(skb, at + quoted.ihl * 4, start, sizeof(start))) {
    return hand_on(skb, outer);
  }
  int echo = quoted.protocol == IPPROTO_ICMP;
  struct flow_key key = {
      .tuple =
          {
              .source = quoted.daddr,
              .destination = quoted.saddr,
              .source_port = echo ? 0 : start[1],
              .destination_port = echo ? start[2] : start[0],
          },
      .protocol = quoted.protocol,
      .hook = ARRIVING,
  };
  struct flow *flow = lookup(&flows, &key);
  if (!flow || flow->set || flow->interface || flow->to.source != quoted.daddr) {
    return hand_on(skb, outer);
  }
  struct tuple to = flow->to;
  __u32 port_at = at + quoted.ihl * 4 + (echo ? 4 : 0);
  fix_ip_checksum(skb, ETH_HLEN + offsetof(struct iphdr, check), outer, to.destination, 4);
  store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, daddr), &to.destination, 4, 0);
  /* The quoted address and the quoted header's checksum cancel out in the checksum of the error. */
  fix_ip_checksum(skb, at + offsetof(struct iphdr, check), quoted.saddr, to.destination, 4);
  store_bytes(skb, at + offsetof(struct iphdr, saddr), &to.destination, 4, 0);
  fix_checksum(skb, packet->transport + 2, key.tuple.destination_port, to.destination_port, 2);
  store_bytes(skb, port_at, &to.destination_port, 2, 0);
  return hand_on(skb, to.destination);
}

/* Whether a flow to a Service must choose anew: its port is used again, or its backend went. */
INLINE int is_stale(const struct flow *flow, const struct packet *packet) {
  if (!flow->set) {
    return 0;
  }
  struct backend backend = {.address = flow->to.destination, .port = flow->to.destination_port};
  return packet->protocol == IPPROTO_UDP
             ? !is_member(flow->set, &backend)
             : flow->closed && (packet->tcp_bits & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

SECTION("tcx/ingress/uplink") int uplink_ingress(struct __sk_buff *skb) {
  struct packet packet = {};
  if (!parse(skb, ARRIVING, &packet)) {
    return packet.protocol == IPPROTO_ICMP && packet.first && is_error(packet.icmp_type)
               ? answer_with_error(skb, &packet)
               : hand_on(skb, packet.tuple.destination);
  }
  struct flow_key key = {.tuple = packet.tuple, .protocol = packet.protocol, .hook = ARRIVING};
  struct flow *flow = lookup(&flows, &key);
  if (!flow || is_stale(flow, &packet)) {
    return admit(skb, &packet, &key);
  }
  touch(flow, &packet, flow->interface ? ARRIVING : LEAVING);
  struct tuple to = flow->to;
  __u32 interface = flow->interface;
  rewrite(skb, &packet, &to);
  if (interface) {
    return redirect_neighbour(interface, 0, 0, 0);
  }
  return hand_on(skb, to.destination);
}

SECTION("tcx/egress/uplink") int uplink_egress(struct __sk_buff *skb) {
  struct packet packet = {};
  int parsed = parse(skb, LEAVING, &packet);
  struct flow_key key = {.tuple = packet.tuple, .protocol = packet.protocol, .hook = LEAVING};
  struct flow *flow = parsed ? lookup(&flows, &key) : 0;
  if (flow) {
    touch(flow, &packet, ARRIVING);
    struct tuple to = flow->to;
    rewrite(skb, &packet, &to);
    return NEXT;
  }
  if (!lookup(&endpoints, &packet.tuple.source)) {
    return NEXT;
  }
  struct cluster_key range_key = {.prefix_length = 32, .address = packet.tuple.destination};
  if (lookup(&cluster, &range_key)) {
    return NEXT;
  }
  __u32 interface = skb->ifindex;
  struct uplink *uplink = lookup(&uplinks, &interface);
  if (!uplink || !parsed || (packet.protocol == IPPROTO_ICMP && packet.icmp_type != ICMP_ECHO)) {
    count(NOT_TRANSLATABLE);
    return DROP;
  }
  struct flow forth = {.to = packet.tuple, .seen = now_seconds()};
  forth.to.source = uplink->address;
  struct flow back = {.seen = forth.seen};
  back.to.source = packet.tuple.destination;
  back.to.source_port = packet.tuple.destination_port;
  back.to.destination = packet.tuple.source;
  back.to.destination_port = packet.tuple.source_port;
  if (!take_port(&forth, &back, packet.protocol)) {
    return DROP;
  }
  update(&flows, &key, &forth, BPF_ANY);
  rewrite(skb, &packet, &forth.to);
  return NEXT;
}

/* Packets that leave a pod. */
SECTION("tcx/ingress/pod") int pod_egress(struct __sk_buff *skb) {
  struct iphdr ip;
  if (skb->protocol != be16(ETH_P_IP) || load_bytes(skb, ETH_HLEN, &ip, sizeof(ip))) {
    return NEXT;
  }
  struct endpoint *sender = lookup(&endpoints, &ip.saddr);
  if (!sender || sender->interface != skb->ifindex) {
    count(SPOOFED);
    return DROP;
  }
  return hand_on(skb, ip.daddr);
}
