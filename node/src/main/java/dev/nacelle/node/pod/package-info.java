/**
 * The life of one pod. A {@code PodWorker} owns it; what to do next is the pure {@code PodPlan},
 * what to report the pure {@code PodStatus}.
 */
@NullMarked
package dev.nacelle.node.pod;

import org.jspecify.annotations.NullMarked;
