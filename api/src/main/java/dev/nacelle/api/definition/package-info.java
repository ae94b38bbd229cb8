/**
 * Kinds as data: what the API server must know of a kind to serve it. Start at {@link
 * dev.nacelle.api.definition.ResourceDefinition}.
 */
@NullMarked
package dev.nacelle.api.definition;

import org.jspecify.annotations.NullMarked;
