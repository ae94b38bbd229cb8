/**
 * What a cluster is born with: its authority, keys and certificates. Start at {@link
 * dev.nacelle.apiserver.bootstrap.ClusterPki}. Must not know of requests.
 */
@NullMarked
package dev.nacelle.apiserver.bootstrap;

import org.jspecify.annotations.NullMarked;
