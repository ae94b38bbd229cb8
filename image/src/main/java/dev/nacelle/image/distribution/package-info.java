/**
 * The built-in registry: the server's side of the OCI distribution specification 1.1, on a
 * directory. Start at {@link dev.nacelle.image.distribution.BuiltInRegistry}. Must not know who may
 * do what ({@link dev.nacelle.image.distribution.RegistryAccess} says that), nor what becomes of an
 * image that was pushed.
 */
@NullMarked
package dev.nacelle.image.distribution;

import org.jspecify.annotations.NullMarked;
