/**
 * Debian's containerd and runc with the bridge plugin, driven through the CRI. Start at {@link
 * dev.nacelle.bench.peer.Containerd}.
 */
@NullMarked
package dev.nacelle.bench.peer;

import org.jspecify.annotations.NullMarked;
