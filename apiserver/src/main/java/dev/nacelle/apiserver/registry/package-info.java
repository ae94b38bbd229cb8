/**
 * The kinds that are served now: the built-in ones, and those that custom resource definitions make
 * at run time. Start at {@link dev.nacelle.apiserver.registry.LiveRegistry}.
 */
@NullMarked
package dev.nacelle.apiserver.registry;

import org.jspecify.annotations.NullMarked;
