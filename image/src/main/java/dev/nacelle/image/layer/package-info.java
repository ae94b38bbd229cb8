/**
 * Layers: from a tar stream to a read-only file system image, an EROFS metadata image with a data
 * blob beside it. Start at {@link dev.nacelle.image.layer.LayerBuilder}. Pure but for the two files
 * it writes; knows nothing of registries, references or mounts.
 */
@NullMarked
package dev.nacelle.image.layer;

import org.jspecify.annotations.NullMarked;
