/**
 * The steps that look at a write before it is stored: first those that may change it, then those
 * that may only refuse it. Start at {@link dev.nacelle.apiserver.admission.MutatingStep}. Must not
 * know HTTP nor the store.
 */
@NullMarked
package dev.nacelle.apiserver.admission;

import org.jspecify.annotations.NullMarked;
