/**
 * Custom resource definitions: their validation, their status, and the {@link
 * dev.nacelle.api.definition.ResourceDefinition} that each becomes. Start at {@link
 * dev.nacelle.api.custom.CustomDefinitions}. Must not know of requests or storage.
 */
@NullMarked
package dev.nacelle.api.custom;

import org.jspecify.annotations.NullMarked;
