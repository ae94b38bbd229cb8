/** Immutable byte sequences. Start at {@link dev.nacelle.base.bytes.Bytes}. */
@NullMarked
package dev.nacelle.base.bytes;

import org.jspecify.annotations.NullMarked;
