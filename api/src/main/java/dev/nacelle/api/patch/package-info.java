/**
 * The three plain patch forms on JSON trees: JSON patch, merge patch and strategic merge patch.
 * Start at {@link dev.nacelle.api.patch.StrategicMergePatch}. Must not know of requests or storage.
 */
@NullMarked
package dev.nacelle.api.patch;

import org.jspecify.annotations.NullMarked;
