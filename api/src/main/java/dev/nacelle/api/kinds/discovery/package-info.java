/** The kinds of group discovery.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.discovery;

import org.jspecify.annotations.NullMarked;
