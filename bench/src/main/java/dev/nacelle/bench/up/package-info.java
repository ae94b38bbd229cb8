/** How long a start takes. */
@NullMarked
package dev.nacelle.bench.up;

import org.jspecify.annotations.NullMarked;
