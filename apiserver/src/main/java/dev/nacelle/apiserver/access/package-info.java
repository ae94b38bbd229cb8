/**
 * Who asks and whether they may: the interfaces behind which authentication and authorization lie.
 * Start at {@link dev.nacelle.apiserver.access.Authenticator} and {@link
 * dev.nacelle.apiserver.access.Authorizer}. Must not know any particular way of either.
 */
@NullMarked
package dev.nacelle.apiserver.access;

import org.jspecify.annotations.NullMarked;
