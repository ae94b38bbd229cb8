/**
 * Keeps as many pods as a ReplicaSet asks for. Start at {@link
 * dev.nacelle.controllers.replicaset.ReplicaSetPlan}; {@link
 * dev.nacelle.controllers.replicaset.ReplicaSetController} applies it.
 */
@NullMarked
package dev.nacelle.controllers.replicaset;

import org.jspecify.annotations.NullMarked;
