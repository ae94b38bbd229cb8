/**
 * Where the time went. Start at {@link dev.nacelle.base.trace.Timeline}. Must not know what the
 * subjects are.
 */
@NullMarked
package dev.nacelle.base.trace;

import org.jspecify.annotations.NullMarked;
