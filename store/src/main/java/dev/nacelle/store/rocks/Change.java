package dev.nacelle.store.rocks;

import org.jspecify.annotations.Nullable;

/**
 * One change of one key by a commit.
 *
 * @param before null if the key did not exist
 * @param after null if the key was deleted
 */
record Change(String key, @Nullable Version before, @Nullable Version after) {
  int sizeBytes() {
    return 64 + key.length() + sizeBytes(before) + sizeBytes(after);
  }

  private static int sizeBytes(@Nullable Version version) {
    return version == null ? 0 : version.stored().sizeBytes();
  }
}
