/** The kinds of group scheduling.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.scheduling;

import org.jspecify.annotations.NullMarked;
