/**
 * Threads with owners, and time: scopes, a pool for native calls, timers, back-off. Start at {@link
 * dev.nacelle.base.task.TaskScope}. Must not know what the tasks do.
 */
@NullMarked
package dev.nacelle.base.task;

import org.jspecify.annotations.NullMarked;
