/**
 * Removes pods that nobody else will: of nodes that are gone, and ended ones beyond a threshold.
 * Start at {@link dev.nacelle.controllers.podgc.PodGarbagePlan}.
 */
@NullMarked
package dev.nacelle.controllers.podgc;

import org.jspecify.annotations.NullMarked;
