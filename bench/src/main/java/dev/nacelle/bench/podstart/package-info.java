/** How long a bare pod takes from the request to its first output, beside a peer. */
@NullMarked
package dev.nacelle.bench.podstart;

import org.jspecify.annotations.NullMarked;
