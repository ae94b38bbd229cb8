/**
 * Debian's registry, and what makes it one that is far away: shared by the figures that need them.
 */
@NullMarked
package dev.nacelle.bench.registry;

import org.jspecify.annotations.NullMarked;
