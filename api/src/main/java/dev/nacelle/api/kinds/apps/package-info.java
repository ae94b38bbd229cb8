/** The kinds of group apps. Start at {@link dev.nacelle.api.kinds.apps.AppsKinds}. */
@NullMarked
package dev.nacelle.api.kinds.apps;

import org.jspecify.annotations.NullMarked;
