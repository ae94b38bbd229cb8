/** Tests of objects and quantities. */
@NullMarked
package dev.nacelle.api.object;

import org.jspecify.annotations.NullMarked;
