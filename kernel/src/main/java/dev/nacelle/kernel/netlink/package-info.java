/**
 * Network configuration by rtnetlink(7): links, addresses, routes and neighbours, many in one
 * message, and network namespaces to do so in. Start at {@link
 * dev.nacelle.kernel.netlink.NetlinkSocket}. It holds no state and decides nothing.
 */
@NullMarked
package dev.nacelle.kernel.netlink;

import org.jspecify.annotations.NullMarked;
