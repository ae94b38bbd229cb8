/**
 * Hosts of one cluster that read one image, with and without peers: what each of them has from
 * where, and how long it takes. Start at {@link dev.nacelle.bench.hosts.PeerReads}.
 */
@NullMarked
package dev.nacelle.bench.hosts;

import org.jspecify.annotations.NullMarked;
