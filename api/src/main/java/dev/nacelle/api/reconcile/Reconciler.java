package dev.nacelle.api.reconcile;

import dev.nacelle.api.object.ObjectKey;

/**
 * Brings the world one step nearer to what one object asks for. Called for one key by one thread at
 * a time; level-triggered: it looks at the present state, not at what changed. A thrown exception
 * is retried with back-off.
 */
public interface Reconciler {

  Outcome reconcile(ObjectKey key) throws InterruptedException;
}
