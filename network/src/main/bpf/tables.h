/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps of one instance, shared by all programs, pinned, and filled by the platform. Addresses
 * and ports are in network order, everything else in the processor's. The Java side of these
 * structures is the class Layouts: change both.
 */
#pragma once

#include "kernel.h"

struct map_layout {
  __u32 type, key_size, value_size, max_entries, flags;
};
#define MAP(name, kind, key, value, entries, options)                                              \
  struct map_layout name SECTION("maps") = {kind, sizeof(key), sizeof(value), entries, options}

/* Where clients knock. Address 0: a port of this host's own addresses. */
struct frontend_key {
  __be32 address;
  __be16 port;
  __u8 protocol;
  __u8 zero;
};
enum frontend_kind { FRONTEND_CLUSTER = 0, FRONTEND_NODE_PORT = 1, FRONTEND_EXTERNAL = 2 };
struct frontend {
  __u32 near_set; /* for clients on this host; 0: refuse */
  __u32 far_set;  /* for clients off this host; 0: refuse */
  __u32 kind;
};
MAP(frontends, BPF_MAP_TYPE_HASH, struct frontend_key, struct frontend, 131072, BPF_F_NO_PREALLOC);

/* A set of backends: its slots 0..count-1. Slots are filled before the count grows. */
struct backend_set {
  __u32 count;
  __u32 affinity_seconds;
};
MAP(sets, BPF_MAP_TYPE_HASH, __u32, struct backend_set, 131072, BPF_F_NO_PREALLOC);

struct slot_key {
  __u32 set;
  __u32 index;
};
struct backend {
  __be32 address;
  __be16 port;
  __u16 zero;
};
MAP(slots, BPF_MAP_TYPE_HASH, struct slot_key, struct backend, 524288, BPF_F_NO_PREALLOC);

/* Who is in a set; kept for sets that have affinity and for UDP. */
struct member_key {
  __u32 set;
  struct backend backend;
};
MAP(members, BPF_MAP_TYPE_HASH, struct member_key, __u32, 524288, BPF_F_NO_PREALLOC);

/* Which backend a client had. A client on this host is its namespace, one off it its address. */
struct affinity_key {
  __u64 client;
  __u32 set;
  __u32 zero;
};
struct affinity {
  struct backend backend;
  __u32 seen;
};
MAP(affinities, BPF_MAP_TYPE_LRU_HASH, struct affinity_key, struct affinity, 65536, 0);

/* What a socket was told to speak to, by what it speaks to. */
struct origin_key {
  __u64 socket;
  struct backend backend;
};
MAP(origins, BPF_MAP_TYPE_LRU_HASH, struct origin_key, struct backend, 65536, 0);

/* The network namespaces of this instance, by cookie: its host's and its pods'. */
struct namespace {
  __be32 address; /* 0: the host */
  __u32 identity;
};
MAP(namespaces, BPF_MAP_TYPE_HASH, __u64, struct namespace, 16384, BPF_F_NO_PREALLOC);

/* The pods of this host by address. */
struct endpoint {
  __u32 interface;
  __u32 identity;
  __u8 mac[6];
  __u16 zero;
};
MAP(endpoints, BPF_MAP_TYPE_HASH, __be32, struct endpoint, 16384, BPF_F_NO_PREALLOC);

/* This host's own addresses. */
MAP(locals, BPF_MAP_TYPE_HASH, __be32, __u32, 1024, BPF_F_NO_PREALLOC);

/* The cluster's ranges: pods and nodes. Packets to these keep their source. */
struct cluster_key {
  __u32 prefix_length;
  __be32 address;
};
struct cluster_range {
  __u32 interface; /* that leads there; 0: none of its own */
};
MAP(cluster, BPF_MAP_TYPE_LPM_TRIE, struct cluster_key, struct cluster_range, 32768,
    BPF_F_NO_PREALLOC);

/* Interfaces that lead off the host, with the address that packets get there. */
struct uplink {
  __be32 address;
};
MAP(uplinks, BPF_MAP_TYPE_HASH, __u32, struct uplink, 1024, BPF_F_NO_PREALLOC);

/* What did not work. */
enum counter { NO_PORT_LEFT = 0, NOT_TRANSLATABLE = 1, SPOOFED = 2, COUNTERS = 3 };
MAP(counters, BPF_MAP_TYPE_ARRAY, __u32, __u64, COUNTERS, 0);

INLINE void count(__u32 which) {
  __u64 *counter = lookup(&counters, &which);
  if (counter) {
    __sync_fetch_and_add(counter, 1);
  }
}
