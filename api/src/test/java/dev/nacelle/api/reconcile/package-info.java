/** Tests of queues and loops. */
@NullMarked
package dev.nacelle.api.reconcile;

import org.jspecify.annotations.NullMarked;
