/** How long chunks of a lazy layer take to arrive, by each of the ways to ask for them. */
@NullMarked
package dev.nacelle.bench.lazy;

import org.jspecify.annotations.NullMarked;
