/**
 * Bearer tokens: who made them, what they say, whether they still hold. Start at {@link
 * dev.nacelle.apiserver.auth.token.BearerAuthenticator} and {@link
 * dev.nacelle.apiserver.auth.token.ServiceAccountTokens}. Must not know the store.
 */
@NullMarked
package dev.nacelle.apiserver.auth.token;

import org.jspecify.annotations.NullMarked;
