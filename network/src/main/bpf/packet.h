/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and rewriting the headers of an IPv4 packet on Ethernet. */
#pragma once

#include "flows.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>

#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO 8
#define ICMP_UNREACHABLE 3
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

#define MORE_FRAGMENTS 0x2000
#define FRAGMENT_OFFSET 0x1fff

struct packet {
  struct tuple tuple;
  __u32 transport; /* offset of its header */
  __u8 protocol;
  __u8 first;    /* has a transport header: whole, or the first fragment */
  __u8 tcp_bits; /* FIN, SYN, RST, ACK */
  __u8 icmp_type;
};

INLINE int is_error(__u8 icmp_type) {
  return icmp_type == ICMP_UNREACHABLE || icmp_type == ICMP_TIME_EXCEEDED ||
         icmp_type == ICMP_PARAMETER_PROBLEM;
}

/* Returns 0 for what is no IPv4 or has no ports that could be told. An echo's number is its port. */
INLINE int parse(struct __sk_buff *skb, __u8 hook, struct packet *packet) {
  struct iphdr ip;
  if (skb->protocol != be16(ETH_P_IP) || load_bytes(skb, ETH_HLEN, &ip, sizeof(ip))) {
    return 0;
  }
  packet->protocol = ip.protocol;
  packet->tuple.source = ip.saddr;
  packet->tuple.destination = ip.daddr;
  packet->transport = ETH_HLEN + ip.ihl * 4;
  __u16 fragment = host16(ip.frag_off);
  struct fragment_key key = {
      .source = ip.saddr,
      .destination = ip.daddr,
      .id = ip.id,
      .protocol = ip.protocol,
      .hook = hook,
  };
  if (fragment & FRAGMENT_OFFSET) {
    struct ports *ports = lookup(&fragments, &key);
    if (!ports) {
      return 0;
    }
    packet->tuple.source_port = ports->source;
    packet->tuple.destination_port = ports->destination;
    return 1;
  }
  __be16 start[4];
  if (load_bytes(skb, packet->transport, start, sizeof(start))) {
    return 0;
  }
  packet->first = 1;
  switch (ip.protocol) {
  case IPPROTO_TCP:
    if (load_bytes(skb, packet->transport + 13, &packet->tcp_bits, 1)) {
      return 0;
    }
    /* fall through */
  case IPPROTO_UDP:
    packet->tuple.source_port = start[0];
    packet->tuple.destination_port = start[1];
    break;
  case IPPROTO_ICMP:
    packet->icmp_type = start[0] & 0xff;
    if (packet->icmp_type == ICMP_ECHO) {
      packet->tuple.source_port = start[2];
    } else if (packet->icmp_type == ICMP_ECHO_REPLY) {
      packet->tuple.destination_port = start[2];
    } else {
      return 0;
    }
    break;
  default:
    return 0;
  }
  if (fragment & MORE_FRAGMENTS) {
    struct ports ports = {packet->tuple.source_port, packet->tuple.destination_port};
    update(&fragments, &key, &ports, BPF_ANY);
  }
  return 1;
}

INLINE void set_address(struct __sk_buff *skb, __u32 field, __be32 from, __be32 to,
                        __u32 checksum, __u64 flags) {
  if (from == to) {
    return;
  }
  if (checksum) {
    fix_checksum(skb, checksum, from, to, flags | BPF_F_PSEUDO_HDR | 4);
  }
  fix_ip_checksum(skb, ETH_HLEN + offsetof(struct iphdr, check), from, to, 4);
  store_bytes(skb, ETH_HLEN + field, &to, 4, 0);
}

INLINE void set_port(struct __sk_buff *skb, __u32 field, __be16 from, __be16 to, __u32 checksum,
                     __u64 flags) {
  if (from == to) {
    return;
  }
  fix_checksum(skb, checksum, from, to, flags | 2);
  store_bytes(skb, field, &to, 2, 0);
}

INLINE void rewrite(struct __sk_buff *skb, const struct packet *packet, const struct tuple *to) {
  __u32 at = packet->transport;
  __u32 checksum = 0; /* of the transport, where addresses are part of it */
  __u64 flags = 0;
  if (packet->first && packet->protocol == IPPROTO_TCP) {
    checksum = at + 16;
  } else if (packet->first && packet->protocol == IPPROTO_UDP) {
    checksum = at + 6;
    flags = BPF_F_MARK_MANGLED_0;
  }
  set_address(skb, offsetof(struct iphdr, saddr), packet->tuple.source, to->source, checksum,
              flags);
  set_address(skb, offsetof(struct iphdr, daddr), packet->tuple.destination, to->destination,
              checksum, flags);
  if (checksum) {
    set_port(skb, at, packet->tuple.source_port, to->source_port, checksum, flags);
    set_port(skb, at + 2, packet->tuple.destination_port, to->destination_port, checksum, flags);
  } else if (packet->first && packet->icmp_type == ICMP_ECHO) {
    set_port(skb, at + 4, packet->tuple.source_port, to->source_port, at + 2, 0);
  } else if (packet->first) {
    set_port(skb, at + 4, packet->tuple.destination_port, to->destination_port, at + 2, 0);
  }
}
