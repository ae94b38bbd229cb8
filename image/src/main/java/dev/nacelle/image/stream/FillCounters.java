package dev.nacelle.image.stream;

import java.util.List;

/**
 * What a lazy layer has done so far; a snapshot.
 *
 * @param presentChunks of {@code chunks}
 * @param reprovedChunks found again on this disk after a boot
 */
public record FillCounters(
    int chunks, int presentChunks, int reprovedChunks, List<Source> sources) {
  public FillCounters {
    sources = List.copyOf(sources);
  }

  /**
   * @param requests made
   * @param hedges of those, made beside another source that was slow
   * @param chunks whose bytes were used
   * @param fetchedBytes that arrived, used or not
   * @param failures requests that failed, of any kind
   * @param wrongChunks that arrived and were not the promised ones
   * @param timeouts requests that took longer than allowed
   */
  public record Source(
      String name,
      long requests,
      long hedges,
      long chunks,
      long fetchedBytes,
      long failures,
      long wrongChunks,
      long timeouts) {}

  /** Stored bytes that arrived from anywhere. */
  public long fetchedBytes() {
    return sources.stream().mapToLong(Source::fetchedBytes).sum();
  }
}
