/**
 * The Linux kernel through the foreign-function interface; the only package tree with native calls.
 * Start at {@link dev.nacelle.kernel.Native}.
 */
@NullMarked
package dev.nacelle.kernel;

import org.jspecify.annotations.NullMarked;
