/**
 * The streaming form of a layer, and the layer that is filled as it is read. Start at {@link
 * dev.nacelle.image.stream.StreamIndex} for the form, at {@link
 * dev.nacelle.image.stream.StreamConversion} for how it is made, at {@link
 * dev.nacelle.image.stream.LazyLayer} for how it is read, and at {@link
 * dev.nacelle.image.stream.StreamReferrer} for where a registry keeps it, and at {@link
 * dev.nacelle.image.stream.AccessTrace} and {@link dev.nacelle.image.stream.ImageOpening} for how a
 * start is faster the second time. Knows nothing of mounts, of fanotify or of the local store: it
 * is given the files and a descriptor to write through.
 */
@NullMarked
package dev.nacelle.image.stream;

import org.jspecify.annotations.NullMarked;
