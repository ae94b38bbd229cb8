package dev.nacelle.image.stream;

import java.util.List;

/** Whom to ask for chunks. Safe for any thread. */
public interface ChunkSources {

  /**
   * Requests do not reach over the multiples of so many chunks, where that matters: so that chunks
   * between two of them can have one place.
   */
  default int border() {
    return Integer.MAX_VALUE;
  }

  /**
   * The sources of a range in the order to ask them now: near ones first, then the origin. The same
   * source is the same object each time.
   */
  List<ChunkSource> of(ChunkRange range) throws InterruptedException;

  /** The same sources for all. */
  static ChunkSources always(List<ChunkSource> sources) {
    List<ChunkSource> copy = List.copyOf(sources);
    return range -> copy;
  }
}
