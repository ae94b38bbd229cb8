/**
 * Answers to questions on who somebody is and what they may do. Start at {@link
 * dev.nacelle.apiserver.auth.review.Reviews}. Must not know HTTP nor the store.
 */
@NullMarked
package dev.nacelle.apiserver.auth.review;

import org.jspecify.annotations.NullMarked;
