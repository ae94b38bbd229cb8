/** Tests of the built-in kinds, some against upstream's own data where it is at hand. */
@NullMarked
package dev.nacelle.api.kinds;

import org.jspecify.annotations.NullMarked;
