package dev.nacelle.image.distribution;

import java.nio.file.Path;

/** A manifest of a repository; the file may be deleted meanwhile. */
record StoredManifest(ContentDigest digest, String mediaType, Path file) {}
