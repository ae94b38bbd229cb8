/**
 * Mounts and the file calls that Java lacks: file-backed EROFS, overlays, the mount table, loop
 * devices, the device mapper with dm-verity, extended attributes, space. Start at {@link
 * dev.nacelle.kernel.mount.Mounts}. Knows nothing of images.
 */
@NullMarked
package dev.nacelle.kernel.mount;

import org.jspecify.annotations.NullMarked;
