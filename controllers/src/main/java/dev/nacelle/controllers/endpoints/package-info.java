/**
 * Writes which pods stand behind each Service: EndpointSlices, and Endpoints for old clients. Start
 * at {@link dev.nacelle.controllers.endpoints.EndpointSlicePlan}.
 */
@NullMarked
package dev.nacelle.controllers.endpoints;

import org.jspecify.annotations.NullMarked;
