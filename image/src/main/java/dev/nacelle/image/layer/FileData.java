package dev.nacelle.image.layer;

/**
 * Where a file's contents lie in the data blob.
 *
 * @param chunkBits log2 of the chunk size in bytes
 * @param chunks the block at which each chunk begins; {@link #HOLE} for one without data
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed after it was made
record FileData(long sizeBytes, int chunkBits, int[] chunks) {
  static final int HOLE = -1;
  static final FileData EMPTY = new FileData(0, 12, new int[0]);
}
