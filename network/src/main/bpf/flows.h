/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translated flows, one entry per direction: what a packet looks like when it passes an uplink, and
 * what it shall look like. All instances of a host share this map: they share the uplink's ports.
 */
#pragma once

#include "tables.h"

enum hook { ARRIVING = 0, LEAVING = 1 };

struct tuple {
  __be32 source;
  __be32 destination;
  __be16 source_port;
  __be16 destination_port;
};
struct flow_key {
  struct tuple tuple;
  __u8 protocol;
  __u8 hook;
  __u16 zero;
};
struct flow {
  struct tuple to;
  __u32 interface; /* leave by it at once; 0: as the host routes */
  __u32 set;       /* whose backend it is; 0: of none */
  __u32 seen;
  __u32 closed;
};
MAP(flows, BPF_MAP_TYPE_LRU_HASH, struct flow_key, struct flow, 131072, 0);

/* The ports of a datagram's first fragment, for those that follow. */
struct fragment_key {
  __be32 source;
  __be32 destination;
  __be16 id;
  __u8 protocol;
  __u8 hook;
};
struct ports {
  __be16 source;
  __be16 destination;
};
MAP(fragments, BPF_MAP_TYPE_LRU_HASH, struct fragment_key, struct ports, 8192, 0);

/* Ports above the range from which Linux takes a client's own by default (to 60999). */
#define NAT_FIRST_PORT 61000
#define NAT_PORTS 4536
#define NAT_STRIDE 397
#define NAT_ATTEMPTS 20

/* After so many silent seconds a port may serve another flow. */
#define IDLE_CLOSED 10
#define IDLE_DATAGRAM 120
#define IDLE_STREAM 86400

INLINE struct flow_key opposite(const struct flow *flow, __u8 protocol, __u8 hook) {
  struct flow_key key = {
      .tuple =
          {
              .source = flow->to.destination,
              .destination = flow->to.source,
              .source_port = flow->to.destination_port,
              .destination_port = flow->to.source_port,
          },
      .protocol = protocol,
      .hook = hook,
  };
  return key;
}
