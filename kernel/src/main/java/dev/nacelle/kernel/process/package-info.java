/**
 * Descriptors that park instead of blocking, packet sockets that carry descriptors, and the native
 * companions' files. Start at {@link dev.nacelle.kernel.process.Poller}.
 */
@NullMarked
package dev.nacelle.kernel.process;

import org.jspecify.annotations.NullMarked;
