/** The kinds of group authorization.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.authorization;

import org.jspecify.annotations.NullMarked;
