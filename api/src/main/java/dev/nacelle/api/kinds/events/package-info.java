/** Group events.k8s.io: the events of the core group in another shape. */
@NullMarked
package dev.nacelle.api.kinds.events;

import org.jspecify.annotations.NullMarked;
