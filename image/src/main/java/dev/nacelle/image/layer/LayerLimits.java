package dev.nacelle.image.layer;

/**
 * Bounds of one layer.
 *
 * @param maxEntries files, directories and links
 * @param maxDataBytes contents of all files, holes not counted
 * @param maxMetadataBytes names, link targets and extended attributes together: these are held in
 *     memory while a layer is built
 */
public record LayerLimits(int maxEntries, long maxDataBytes, long maxMetadataBytes) {
  public static final LayerLimits DEFAULT = new LayerLimits(1_000_000, 256L << 30, 128L << 20);
}
