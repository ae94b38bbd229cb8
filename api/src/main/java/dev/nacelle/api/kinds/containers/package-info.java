/**
 * The kinds of our own group, containers.nacelle.dev. Start at {@link
 * dev.nacelle.api.kinds.containers.ContainersKinds}.
 */
@NullMarked
package dev.nacelle.api.kinds.containers;

import org.jspecify.annotations.NullMarked;
