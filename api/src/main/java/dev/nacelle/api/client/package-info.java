/**
 * The seam through which every part reads and writes objects. Start at {@link
 * dev.nacelle.api.client.ApiClient}. Must not know whether the server is in this process.
 */
@NullMarked
package dev.nacelle.api.client;

import org.jspecify.annotations.NullMarked;
