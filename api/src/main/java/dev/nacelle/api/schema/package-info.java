/** Structural OpenAPI schemas. Start at {@link dev.nacelle.api.schema.Schema}. */
@NullMarked
package dev.nacelle.api.schema;

import org.jspecify.annotations.NullMarked;
