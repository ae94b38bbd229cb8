/**
 * The ways to find out who asks and what they may do. Start at the implementations of {@link
 * dev.nacelle.apiserver.access.Authenticator} and {@link dev.nacelle.apiserver.access.Authorizer};
 * {@link dev.nacelle.apiserver.auth.ClusterView} is what they know of the cluster. Must not know
 * the pipeline.
 */
@NullMarked
package dev.nacelle.apiserver.auth;

import org.jspecify.annotations.NullMarked;
