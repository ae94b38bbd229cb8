package dev.nacelle.image.stream;

/**
 * Hears of each chunk of a layer that a reader needed and that was not there, once a chunk, in the
 * order in which they were needed; also of those that were fetched ahead of a reader who has read
 * them, when it needs the next one. Called while the layer is locked: must be quick, and must not
 * call the layer.
 */
@FunctionalInterface
public interface ReadListener {
  /** Nobody listens. */
  ReadListener NONE = (index, chunk) -> {};

  void needed(StreamIndex index, int chunk);

  /** It has become clear that all of the layer will be read; once a layer. */
  default void readsAll(StreamIndex index) {}
}
