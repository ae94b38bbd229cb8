package dev.nacelle.image.stream;

import java.nio.file.Path;

/**
 * A finished blob on this disk.
 *
 * @param digest {@code sha256:HEX} of the file
 */
public record StoredBlob(Path file, String digest, long sizeBytes) {}
