package dev.nacelle.image.stream;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The sources of a layer and how each has behaved, for as long as they are not too many. Safe for
 * any thread.
 */
final class RankedSources {
  private static final int MOST = 128;

  private final ChunkSources sources;
  private final InstantSource clock;

  /** Guarded by this, as the other; in the order in which they came. */
  private final Set<RankedSource> known = new LinkedHashSet<>();

  private final Map<ChunkSource, RankedSource> bySource = new IdentityHashMap<>();

  RankedSources(ChunkSources sources, InstantSource clock) {
    this.sources = sources;
    this.clock = clock;
  }

  /** In the order to ask them now for a range. */
  List<RankedSource> order(ChunkRange range) throws InterruptedException {
    List<ChunkSource> present = sources.of(range);
    var ranked = new ArrayList<RankedSource>(present.size());
    synchronized (this) {
      for (ChunkSource source : present) {
        ranked.add(bySource.computeIfAbsent(source, this::add));
      }
      prune();
    }
    return RankedSource.order(ranked, clock);
  }

  private RankedSource add(ChunkSource source) {
    var added = new RankedSource(source);
    known.add(added);
    return added;
  }

  synchronized List<FillCounters.Source> counters() {
    return known.stream().map(RankedSource::counters).toList();
  }

  /** Forgets the oldest of too many. */
  private void prune() {
    Iterator<RankedSource> oldest = known.iterator();
    while (known.size() > MOST) {
      bySource.remove(oldest.next().source());
      oldest.remove();
    }
  }
}
