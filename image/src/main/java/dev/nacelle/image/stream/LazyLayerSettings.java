package dev.nacelle.image.stream;

import java.time.InstantSource;
import java.util.List;

/**
 * What a lazy layer is filled from, and how.
 *
 * @param sources in the order to ask them: near ones first, the origin last
 * @param bootId of this boot, see {@link LazyLayerFiles#currentBoot}
 * @param whenWhole run once, by a thread of the layer, when the last chunk has landed; not run for
 *     a layer that was whole when it was opened
 * @param readers hears of what readers need
 */
public record LazyLayerSettings(
    List<ChunkSource> sources,
    FetchPolicy policy,
    InstantSource clock,
    String bootId,
    Runnable whenWhole,
    ReadListener readers) {
  public LazyLayerSettings {
    sources = List.copyOf(sources);
  }

  /** Nobody hears of what readers need. */
  public LazyLayerSettings(
      List<ChunkSource> sources,
      FetchPolicy policy,
      InstantSource clock,
      String bootId,
      Runnable whenWhole) {
    this(sources, policy, clock, bootId, whenWhole, ReadListener.NONE);
  }
}
