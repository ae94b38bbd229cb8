/**
 * What the datapath of this host should do for Services and for pods of other hosts. Start at
 * {@link dev.nacelle.node.proxy.ServiceProxy}; the table itself is the pure {@code ServiceTables}.
 */
@NullMarked
package dev.nacelle.node.proxy;

import org.jspecify.annotations.NullMarked;
