/**
 * Images: from a reference to a root filesystem. Start at {@link dev.nacelle.image.ImageStore}; its
 * implementation keeps everything below {@code DIR/node}. This package knows nothing of pods or of
 * the API: a node asks for an image by reference and gets a mounted directory.
 */
@NullMarked
package dev.nacelle.image;

import org.jspecify.annotations.NullMarked;
