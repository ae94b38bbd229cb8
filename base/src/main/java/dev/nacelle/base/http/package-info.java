/**
 * A thin HTTP server and client on Netty whose handlers are straight blocking code on virtual
 * threads. Start at {@link dev.nacelle.base.http.HttpHandler}. Must not know what is served.
 */
@NullMarked
package dev.nacelle.base.http;

import org.jspecify.annotations.NullMarked;
