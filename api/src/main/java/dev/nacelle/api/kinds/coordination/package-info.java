/** The kinds of group coordination.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.coordination;

import org.jspecify.annotations.NullMarked;
