/**
 * Kubernetes objects as immutable JSON trees, and their names. Start at {@link
 * dev.nacelle.api.object.KubeObject}. Must not know any particular kind.
 */
@NullMarked
package dev.nacelle.api.object;

import org.jspecify.annotations.NullMarked;
