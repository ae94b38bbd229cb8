/**
 * The kinds that are built in, as data: one subpackage per group, one file per kind. Start at
 * {@link dev.nacelle.api.kinds.BuiltInKinds}. Must not know how kinds are served.
 */
@NullMarked
package dev.nacelle.api.kinds;

import org.jspecify.annotations.NullMarked;
