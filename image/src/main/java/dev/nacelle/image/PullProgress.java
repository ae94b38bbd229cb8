package dev.nacelle.image;

/** Hears how a pull goes on, from any thread of the store; must return at once. */
@FunctionalInterface
public interface PullProgress {
  PullProgress SILENT = (fetchedBytes, totalBytes) -> {};

  /**
   * @param fetchedBytes bytes of layers here so far
   * @param totalBytes bytes of all layers to fetch; 0 while not known
   */
  void fetched(long fetchedBytes, long totalBytes);

  /**
   * Hears of each layer by itself.
   *
   * @param digest of its blob
   */
  default void layer(String digest, long fetchedBytes, long totalBytes) {}
}
