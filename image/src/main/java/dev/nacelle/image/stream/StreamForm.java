package dev.nacelle.image.stream;

/** The streaming form of one layer: what was converted, and the three blobs a registry keeps. */
public record StreamForm(
    StreamIndex index, StoredBlob indexBlob, StoredBlob metadataBlob, StoredBlob chunkBlob) {}
