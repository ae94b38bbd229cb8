/**
 * The client of a monitor, the process beside one container. Start at {@link
 * dev.nacelle.kernel.monitor.MonitorClient}; the protocol is in {@code protocol.h}.
 */
@NullMarked
package dev.nacelle.kernel.monitor;

import org.jspecify.annotations.NullMarked;
