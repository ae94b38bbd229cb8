/**
 * What a cluster is born with: its authority and keys, its default roles, and access control put
 * together. Start at {@link dev.nacelle.apiserver.bootstrap.AccessControl} and {@link
 * dev.nacelle.apiserver.bootstrap.ClusterPki}. Must not know of single requests.
 */
@NullMarked
package dev.nacelle.apiserver.bootstrap;

import org.jspecify.annotations.NullMarked;
