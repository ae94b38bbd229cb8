/**
 * What nodes may do: their own objects, and what the pods refer to that run on them. Start at
 * {@link dev.nacelle.apiserver.auth.node.NodeAuthorizer}. Must not know HTTP nor the store.
 */
@NullMarked
package dev.nacelle.apiserver.auth.node;

import org.jspecify.annotations.NullMarked;
