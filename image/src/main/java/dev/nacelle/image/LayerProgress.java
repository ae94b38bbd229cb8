package dev.nacelle.image;

/** Hears how work on the layers of an image goes on, from any thread; must return at once. */
@FunctionalInterface
public interface LayerProgress {
  LayerProgress SILENT = (phase, layer, doneBytes, totalBytes) -> {};

  /** What is done with a layer. */
  enum Phase {
    /** It comes from a registry; the bytes are those of its compressed form. */
    PULL,
    /** Its streaming form is made; the bytes are those of its data. */
    CONVERT,
    /** It goes to a registry. */
    PUSH,
    /** It is there already; nothing is to be done. */
    PRESENT
  }

  /**
   * @param layer {@code sha256:HEX}: the digest of the blob for {@link Phase#PULL} by a pull, else
   *     the diff id
   */
  void at(Phase phase, String layer, long doneBytes, long totalBytes);
}
