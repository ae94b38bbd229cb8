/**
 * Places pods on nodes. Start at {@link dev.nacelle.scheduler.Scheduler}; the decision itself is
 * {@link dev.nacelle.scheduler.Placement}, pure over a snapshot. Meets the rest of the platform
 * through the API alone.
 */
@NullMarked
package dev.nacelle.scheduler;

import org.jspecify.annotations.NullMarked;
