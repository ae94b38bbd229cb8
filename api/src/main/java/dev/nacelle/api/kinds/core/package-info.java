/**
 * The kinds of the core group, and what is said of pod templates. Start at {@link
 * dev.nacelle.api.kinds.core.CoreKinds}.
 */
@NullMarked
package dev.nacelle.api.kinds.core;

import org.jspecify.annotations.NullMarked;
