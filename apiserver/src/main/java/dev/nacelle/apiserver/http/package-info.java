/**
 * The API over HTTP: routes, content negotiation, the forms of replies, discovery, OpenAPI. Start
 * at {@link dev.nacelle.apiserver.http.ApiHandler}. Must not know how objects are stored.
 */
@NullMarked
package dev.nacelle.apiserver.http;

import org.jspecify.annotations.NullMarked;
