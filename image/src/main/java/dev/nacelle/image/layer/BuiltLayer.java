package dev.nacelle.image.layer;

/**
 * What building a layer gave.
 *
 * @param diffId {@code sha256:HEX} of the uncompressed tar
 * @param dataDigest {@code sha256:HEX} of the data blob, or {@code verity:HEX}: its root hash
 * @param metadataBytes size of the metadata image
 * @param dataBytes size of the data blob
 */
public record BuiltLayer(String diffId, String dataDigest, long metadataBytes, long dataBytes) {
  public long sizeBytes() {
    return metadataBytes + dataBytes;
  }
}
