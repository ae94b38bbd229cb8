/** The kinds of group certificates.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.certificates;

import org.jspecify.annotations.NullMarked;
