package dev.nacelle.image.stream;

/**
 * Hears of each chunk of a layer that a reader needed and that was not there, once a chunk, in the
 * order in which they were needed; also of those that were read ahead of a reader who then came by.
 * Called while the layer is locked: must be quick, and must not call the layer.
 */
@FunctionalInterface
public interface ReadListener {
  /** Nobody listens. */
  ReadListener NONE = (index, chunk) -> {};

  void needed(StreamIndex index, int chunk);
}
