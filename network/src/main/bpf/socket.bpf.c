/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service load balancing at the socket: a process that connects or sends to a Service's address
 * speaks to a backend from the first packet on. Attached to the root of the cgroup v2 hierarchy,
 * beside other instances'; acts only for network namespaces of its own instance.
 */
#include "services.h"

#include <linux/in.h>

#define ECONNREFUSED 111
#define PROCEED 1
#define REFUSE 0

char license_text[] SECTION("license") = "Apache-2.0";

enum verdict { NOT_OURS, TRANSLATED, REFUSED };

INLINE enum verdict translate(struct bpf_sock_addr *ctx, __be32 address, struct backend *to) {
  __u64 cookie = namespace_cookie(ctx);
  struct namespace *client = lookup(&namespaces, &cookie);
  __u8 protocol = ctx->protocol;
  if (!client || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)) {
    return NOT_OURS;
  }
  int loopback = (address & be32(0xff000000)) == be32(0x7f000000);
  int own_address = loopback ? client->address == 0 : lookup(&locals, &address) != 0;
  __be16 port = ctx->user_port;
  struct frontend *frontend = find_frontend(address, port, protocol, own_address);
  if (!frontend) {
    return NOT_OURS;
  }
  __u64 socket = socket_cookie(ctx);
  /* All datagrams of a socket go to one backend, as long as the set is the same. */
  __u32 number = protocol == IPPROTO_UDP ? (socket * 0x9e3779b97f4a7c15ull) >> 32
                                         : random_number();
  if (!choose(frontend->near_set, cookie, number, to)) {
    return REFUSED;
  }
  struct origin_key key = {.socket = socket, .backend = *to};
  struct backend origin = {.address = address, .port = port};
  struct backend *known = lookup(&origins, &key);
  if (!known || known->address != origin.address || known->port != origin.port) {
    update(&origins, &key, &origin, BPF_ANY);
  }
  return TRANSLATED;
}

INLINE int to4(struct bpf_sock_addr *ctx) {
  struct backend to = {};
  switch (translate(ctx, ctx->user_ip4, &to)) {
  case TRANSLATED:
    ctx->user_ip4 = to.address;
    ctx->user_port = to.port;
    return PROCEED;
  case REFUSED:
    set_return_value(-ECONNREFUSED);
    return REFUSE;
  default:
    return PROCEED;
  }
}

/* Sockets of IPv6 that speak IPv4: ::ffff:a.b.c.d, the usual way of Java. */
INLINE int is_mapped(struct bpf_sock_addr *ctx) {
  return ctx->user_ip6[0] == 0 && ctx->user_ip6[1] == 0 && ctx->user_ip6[2] == be32(0xffff);
}

INLINE int to6(struct bpf_sock_addr *ctx) {
  if (!is_mapped(ctx)) {
    return PROCEED;
  }
  struct backend to = {};
  switch (translate(ctx, ctx->user_ip6[3], &to)) {
  case TRANSLATED:
    ctx->user_ip6[3] = to.address;
    ctx->user_port = to.port;
    return PROCEED;
  case REFUSED:
    set_return_value(-ECONNREFUSED);
    return REFUSE;
  default:
    return PROCEED;
  }
}

INLINE struct backend *origin_of(struct bpf_sock_addr *ctx, __be32 address) {
  struct origin_key key = {
      .socket = socket_cookie(ctx),
      .backend = {.address = address, .port = ctx->user_port},
  };
  return lookup(&origins, &key);
}

INLINE int from4(struct bpf_sock_addr *ctx) {
  struct backend *origin = origin_of(ctx, ctx->user_ip4);
  if (origin) {
    ctx->user_ip4 = origin->address;
    ctx->user_port = origin->port;
  }
  return PROCEED;
}

INLINE int from6(struct bpf_sock_addr *ctx) {
  if (!is_mapped(ctx)) {
    return PROCEED;
  }
  struct backend *origin = origin_of(ctx, ctx->user_ip6[3]);
  if (origin) {
    ctx->user_ip6[3] = origin->address;
    ctx->user_port = origin->port;
  }
  return PROCEED;
}

SECTION("cgroup/connect4") int connect4(struct bpf_sock_addr *ctx) { return to4(ctx); }
SECTION("cgroup/connect6") int connect6(struct bpf_sock_addr *ctx) { return to6(ctx); }
SECTION("cgroup/sendmsg4") int sendmsg4(struct bpf_sock_addr *ctx) { return to4(ctx); }
SECTION("cgroup/sendmsg6") int sendmsg6(struct bpf_sock_addr *ctx) { return to6(ctx); }
SECTION("cgroup/recvmsg4") int recvmsg4(struct bpf_sock_addr *ctx) { return from4(ctx); }
SECTION("cgroup/recvmsg6") int recvmsg6(struct bpf_sock_addr *ctx) { return from6(ctx); }
SECTION("cgroup/getpeername4") int getpeername4(struct bpf_sock_addr *ctx) { return from4(ctx); }
SECTION("cgroup/getpeername6") int getpeername6(struct bpf_sock_addr *ctx) { return from6(ctx); }
