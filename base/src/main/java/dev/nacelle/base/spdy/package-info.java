/**
 * SPDY/3.1 as Kubernetes speaks it: streams with headers, half-closes and resets over one
 * connection, without HTTP in them. Its clients neither send WINDOW_UPDATE nor wait for one, so
 * there are no windows here either: a stream that nobody reads slows the whole connection once its
 * buffer is full. Start at {@link dev.nacelle.base.spdy.SpdyConnection}. Must not know what the
 * streams carry.
 */
@NullMarked
package dev.nacelle.base.spdy;

import org.jspecify.annotations.NullMarked;
