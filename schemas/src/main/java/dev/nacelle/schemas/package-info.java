/**
 * Makes, at build time, the resource that holds the schemas of Kubernetes' own kinds. Start at
 * {@link dev.nacelle.schemas.Generator}. Nothing of this package is shipped but its output.
 */
@NullMarked
package dev.nacelle.schemas;

import org.jspecify.annotations.NullMarked;
