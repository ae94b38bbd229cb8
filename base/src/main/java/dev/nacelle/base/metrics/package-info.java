/**
 * Counters, gauges and histograms, and their exposition for Prometheus. Start at {@link
 * dev.nacelle.base.metrics.Metrics}. Must not know what is counted.
 */
@NullMarked
package dev.nacelle.base.metrics;

import org.jspecify.annotations.NullMarked;
