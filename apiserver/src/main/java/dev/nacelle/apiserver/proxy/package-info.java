/**
 * The way from clients through the API server to pods, services and nodes: the proxy subresources.
 * Finds out where a request goes, and changes what passes so that redirects and links lead back
 * here. Start at {@link dev.nacelle.apiserver.proxy.ProxyTargets}. Must not know who may use it.
 */
@NullMarked
package dev.nacelle.apiserver.proxy;

import org.jspecify.annotations.NullMarked;
