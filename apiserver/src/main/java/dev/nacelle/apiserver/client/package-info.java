/**
 * The API for the parts of the platform that live in the same process: the same pipeline without
 * HTTP. Start at {@link dev.nacelle.apiserver.client.InProcessApiClient}.
 */
@NullMarked
package dev.nacelle.apiserver.client;

import org.jspecify.annotations.NullMarked;
