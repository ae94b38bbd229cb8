/** The kinds of group apiextensions.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.apiextensions;

import org.jspecify.annotations.NullMarked;
