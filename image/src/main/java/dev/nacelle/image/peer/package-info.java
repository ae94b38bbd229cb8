/**
 * Hosts that have a layer, or a part of it, give it to one another. Start at {@link
 * dev.nacelle.image.peer.Peers}; {@link dev.nacelle.image.peer.LayerPeers} says who is asked for
 * what, {@link dev.nacelle.image.peer.PeerServer} what is answered. Keeps nothing of its own: what
 * it gives away is what the image store has. Must not know how peers are found, nor trust them.
 */
@NullMarked
package dev.nacelle.image.peer;

import org.jspecify.annotations.NullMarked;
