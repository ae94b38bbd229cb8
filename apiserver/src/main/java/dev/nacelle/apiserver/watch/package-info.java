/**
 * The current state of each resource and its latest events, fed by one store watch per resource and
 * shared by all lists and watches. Start at {@link dev.nacelle.apiserver.watch.WatchCache}. Must
 * not know requests.
 */
@NullMarked
package dev.nacelle.apiserver.watch;

import org.jspecify.annotations.NullMarked;
