/**
 * Creates that store nothing by themselves: reviews, token requests and the like. Start at {@link
 * dev.nacelle.apiserver.extension.Responder}.
 */
@NullMarked
package dev.nacelle.apiserver.extension;

import org.jspecify.annotations.NullMarked;
