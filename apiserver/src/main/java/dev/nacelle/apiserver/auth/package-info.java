/**
 * The ways to find out who asks and what they may do: certificates, tokens, RBAC. Start at the
 * implementations of {@link dev.nacelle.apiserver.access.Authenticator} and {@link
 * dev.nacelle.apiserver.access.Authorizer}.
 */
@NullMarked
package dev.nacelle.apiserver.auth;

import org.jspecify.annotations.NullMarked;
