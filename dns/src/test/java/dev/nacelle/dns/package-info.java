/** Tests of cluster DNS. */
@NullMarked
package dev.nacelle.dns;

import org.jspecify.annotations.NullMarked;
