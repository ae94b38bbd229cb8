/**
 * What the files of several kinds use: the builder of definitions, schemas, names, cells, metadata.
 * Start at {@link dev.nacelle.api.kinds.shared.Kind}.
 */
@NullMarked
package dev.nacelle.api.kinds.shared;

import org.jspecify.annotations.NullMarked;
