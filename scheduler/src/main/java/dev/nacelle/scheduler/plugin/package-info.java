/**
 * The rules of placement. The order is one literal list in {@link
 * dev.nacelle.scheduler.plugin.Plugins}; each rule is pure over a snapshot. Must not know the queue
 * or the API.
 */
@NullMarked
package dev.nacelle.scheduler.plugin;

import org.jspecify.annotations.NullMarked;
