/**
 * Label and field selectors. Start at {@link dev.nacelle.api.selector.LabelSelector}. Must not know
 * of requests or storage.
 */
@NullMarked
package dev.nacelle.api.selector;

import org.jspecify.annotations.NullMarked;
