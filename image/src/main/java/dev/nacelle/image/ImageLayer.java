package dev.nacelle.image;

/**
 * One layer of a local image.
 *
 * @param diffId {@code sha256:HEX} of the layer's uncompressed tar
 * @param key names the layer's files in the store
 * @param sizeBytes what it takes on this disk
 */
public record ImageLayer(String diffId, String key, long sizeBytes) {}
