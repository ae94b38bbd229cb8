/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few helpers of the kernel in use, by their stable numbers in linux/bpf.h; none is reserved
 * for GPL programs.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#define offsetof(type, field) __builtin_offsetof(type, field)

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

static void *(*const lookup)(const void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*const update)(const void *map, const void *key, const void *value,
                            __u64 flags) = (void *)BPF_FUNC_map_update_elem;
static long (*const delete)(const void *map, const void *key) = (void *)BPF_FUNC_map_delete_elem;
static __u32 (*const random_number)(void) = (void *)BPF_FUNC_get_prandom_u32;
static __u64 (*const socket_cookie)(void *ctx) = (void *)BPF_FUNC_get_socket_cookie;
static __u64 (*const namespace_cookie)(void *ctx) = (void *)BPF_FUNC_get_netns_cookie;
static long (*const set_return_value)(int value) = (void *)BPF_FUNC_set_retval;
static __u64 (*const coarse_nanoseconds)(void) = (void *)BPF_FUNC_ktime_get_coarse_ns;
static long (*const load_bytes)(const void *skb, __u32 offset, void *to,
                                __u32 size) = (void *)BPF_FUNC_skb_load_bytes;
static long (*const store_bytes)(void *skb, __u32 offset, const void *from, __u32 size,
                                 __u64 flags) = (void *)BPF_FUNC_skb_store_bytes;
static long (*const fix_ip_checksum)(void *skb, __u32 offset, __u64 from, __u64 to,
                                     __u64 size) = (void *)BPF_FUNC_l3_csum_replace;
static long (*const fix_checksum)(void *skb, __u32 offset, __u64 from, __u64 to,
                                  __u64 flags) = (void *)BPF_FUNC_l4_csum_replace;
static long (*const redirect_peer)(__u32 ifindex, __u64 flags) = (void *)BPF_FUNC_redirect_peer;
static long (*const redirect_neighbour)(__u32 ifindex, void *hop, int size,
                                        __u64 flags) = (void *)BPF_FUNC_redirect_neigh;

/* Both supported processors are little-endian. */
#define be16(x) ((__be16)__builtin_bswap16(x))
#define be32(x) ((__be32)__builtin_bswap32(x))
#define host16(x) __builtin_bswap16(x)
#define host32(x) __builtin_bswap32(x)

INLINE __u32 now_seconds(void) { return (__u32)(coarse_nanoseconds() / 1000000000ull); }
