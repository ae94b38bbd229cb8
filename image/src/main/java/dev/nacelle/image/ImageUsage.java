package dev.nacelle.image;

/**
 * What the store holds and the file system it lies on, as {@code stats/summary} wants it.
 *
 * @param usedBytes blobs and layers of the store
 * @param usedInodes files of the store
 */
public record ImageUsage(
    int images,
    int layers,
    long usedBytes,
    long usedInodes,
    long diskCapacityBytes,
    long diskAvailableBytes,
    long diskInodes,
    long diskInodesFree) {}
