package dev.nacelle.image;

/**
 * What the store holds and the file system it lies on, as {@code stats/summary} wants it.
 *
 * @param sizeBytes of the layers, were they all here whole
 * @param usedBytes what the store takes on its disk: of lazily filled layers what has come
 * @param usedInodes files of the store
 * @param quotaBytes what it may take; {@link ImageDiskSettings#NO_QUOTA} without one
 */
public record ImageUsage(
    int images,
    int layers,
    long sizeBytes,
    long usedBytes,
    long usedInodes,
    long quotaBytes,
    long diskCapacityBytes,
    long diskAvailableBytes,
    long diskInodes,
    long diskInodesFree) {

  /** Whether images may take so much only, whatever the disk has. */
  public boolean hasQuota() {
    return quotaBytes != ImageDiskSettings.NO_QUOTA;
  }

  /** What images may take at most. */
  public long capacityBytes() {
    return Math.min(quotaBytes, diskCapacityBytes);
  }

  /** What images may still take. */
  public long availableBytes() {
    return Math.max(0, Math.min(quotaBytes - usedBytes, diskAvailableBytes));
  }
}
