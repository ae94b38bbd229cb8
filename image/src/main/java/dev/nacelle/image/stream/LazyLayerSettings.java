package dev.nacelle.image.stream;

import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What a lazy layer is filled from, and how.
 *
 * @param sources whom to ask for what
 * @param bootId of this boot, see {@link LazyLayerFiles#currentBoot}
 * @param whenWhole run once, by a thread of the layer, when the last chunk has landed; not run for
 *     a layer that was whole when it was opened
 * @param readers hears of what readers need
 * @param roomAhead whether there is room for what no reader waits for; must be quick
 */
public record LazyLayerSettings(
    ChunkSources sources,
    FetchPolicy policy,
    InstantSource clock,
    String bootId,
    Runnable whenWhole,
    ReadListener readers,
    BooleanSupplier roomAhead) {

  /** There is always room. */
  public LazyLayerSettings(
      ChunkSources sources,
      FetchPolicy policy,
      InstantSource clock,
      String bootId,
      Runnable whenWhole,
      ReadListener readers) {
    this(sources, policy, clock, bootId, whenWhole, readers, () -> true);
  }

  /**
   * @param sources in the order to ask them: near ones first, the origin last
   */
  public LazyLayerSettings(
      List<ChunkSource> sources,
      FetchPolicy policy,
      InstantSource clock,
      String bootId,
      Runnable whenWhole,
      ReadListener readers) {
    this(ChunkSources.always(sources), policy, clock, bootId, whenWhole, readers);
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
