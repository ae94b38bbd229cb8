package dev.nacelle.image.stream;

/**
 * Neighbouring chunks of a layer.
 *
 * @param first number of the first chunk
 * @param count how many, at least one
 */
public record ChunkRange(int first, int count) {
  public ChunkRange {
    if (first < 0 || count < 1 || first > Integer.MAX_VALUE - count) {
      throw new IllegalArgumentException("no range of chunks: " + count + " from " + first);
    }
  }

  /** From {@code first} to before {@code end}. */
  static ChunkRange between(int first, int end) {
    return new ChunkRange(first, end - first);
  }

  /** The number behind the last chunk. */
  public int end() {
    return first + count;
  }

  int last() {
    return end() - 1;
  }

  boolean contains(int chunk) {
    return chunk >= first && chunk < end();
  }
}
