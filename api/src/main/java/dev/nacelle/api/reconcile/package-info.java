/** Reconcilers, their queues and loops. Start at {@link dev.nacelle.api.reconcile.Reconciler}. */
@NullMarked
package dev.nacelle.api.reconcile;

import org.jspecify.annotations.NullMarked;
