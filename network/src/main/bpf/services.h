/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a backend, the same at the socket and at the uplink. */
#pragma once

#include "tables.h"

INLINE struct frontend *find_frontend(__be32 address, __be16 port, __u8 protocol, int own_address) {
  struct frontend_key key = {.address = address, .port = port, .protocol = protocol};
  struct frontend *found = lookup(&frontends, &key);
  if (found || !own_address) {
    return found;
  }
  key.address = 0;
  return lookup(&frontends, &key);
}

INLINE int is_member(__u32 set, const struct backend *backend) {
  struct member_key key = {.set = set, .backend = *backend};
  return lookup(&members, &key) != 0;
}

/* Chooses by affinity, else by the number given. Returns 0 if the set has no backend. */
INLINE int choose(__u32 set_id, __u64 client, __u32 number, struct backend *chosen) {
  struct backend_set *set = lookup(&sets, &set_id);
  if (!set || set->count == 0) {
    return 0;
  }
  struct affinity_key client_key = {.client = client, .set = set_id};
  __u32 now = 0;
  if (set->affinity_seconds) {
    now = now_seconds();
    struct affinity *former = lookup(&affinities, &client_key);
    if (former && now - former->seen <= set->affinity_seconds &&
        is_member(set_id, &former->backend)) {
      former->seen = now;
      *chosen = former->backend;
      return 1;
    }
  }
  struct slot_key slot = {.set = set_id, .index = number % set->count};
  struct backend *found = lookup(&slots, &slot);
  if (!found) { /* the set shrank in between */
    slot.index = 0;
    found = lookup(&slots, &slot);
    if (!found) {
      return 0;
    }
  }
  *chosen = *found;
  if (set->affinity_seconds) {
    struct affinity entry = {.backend = *chosen, .seen = now};
    update(&affinities, &client_key, &entry, BPF_ANY);
  }
  return 1;
}
