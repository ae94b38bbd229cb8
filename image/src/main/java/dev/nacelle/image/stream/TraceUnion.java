package dev.nacelle.image.stream;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One trace of several. What most runs need comes first, by its mean place among the accesses of
 * the runs that needed it; of three runs and more, what only one of them needed comes last, and is
 * left out where there is no room.
 */
final class TraceUnion {
  private static final int FEW_RUNS = 2;

  private record Chunk(AccessTrace.Layer layer, int number) {}

  /** What the runs say of a chunk. */
  private static final class Use {
    private int runs;
    private double places;
    private double micros;

    double meanPlace() {
      return places / runs;
    }

    long meanMicros() {
      return Math.round(micros / runs);
    }
  }

  private TraceUnion() {}

  static AccessTrace merge(List<AccessTrace> traces) {
    if (traces.isEmpty()) {
      throw new IllegalArgumentException("no traces to unite");
    }
    Map<Chunk, Use> uses = new LinkedHashMap<>();
    for (AccessTrace trace : traces) {
      for (int i = 0; i < trace.accesses().size(); i++) {
        AccessTrace.Access access = trace.accesses().get(i);
        Use use = uses.computeIfAbsent(chunk(trace, access), c -> new Use());
        use.runs++;
        use.places += i;
        use.micros += access.micros();
      }
    }
    boolean many = traces.size() > FEW_RUNS;
    Comparator<Map.Entry<Chunk, Use>> order =
        Comparator.comparing((Map.Entry<Chunk, Use> e) -> many && e.getValue().runs == 1)
            .thenComparingDouble(e -> e.getValue().meanPlace());
    var builder = new Builder();
    uses.entrySet().stream()
        .sorted(order)
        .forEach(e -> builder.add(e.getKey(), e.getValue().meanMicros()));
    return builder.build();
  }

  static AccessTrace extend(AccessTrace trace, AccessTrace missed) {
    var builder = new Builder();
    for (AccessTrace.Access access : trace.accesses()) {
      builder.add(chunk(trace, access), access.micros());
    }
    long end = builder.micros;
    for (AccessTrace.Access access : missed.accesses()) {
      builder.add(chunk(missed, access), end + access.micros());
    }
    return builder.build();
  }

  private static Chunk chunk(AccessTrace trace, AccessTrace.Access access) {
    return new Chunk(trace.layers().get(access.layer()), access.chunk());
  }

  /** Puts chunks one behind the other, each once, as many as a trace may have. */
  private static final class Builder {
    private final Map<AccessTrace.Layer, Integer> layers = new LinkedHashMap<>();
    private final Set<Chunk> seen = new HashSet<>();
    private final List<AccessTrace.Access> accesses = new ArrayList<>();
    private long micros;

    void add(Chunk chunk, long at) {
      boolean room =
          accesses.size() < AccessTrace.MOST_ACCESSES
              && (layers.containsKey(chunk.layer) || layers.size() < AccessTrace.MOST_LAYERS);
      if (!room || !seen.add(chunk)) {
        return;
      }
      micros = Math.min(AccessTrace.MOST_MICROS, Math.max(micros, at));
      Integer layer = layers.computeIfAbsent(chunk.layer, l -> layers.size());
      accesses.add(new AccessTrace.Access(layer, chunk.number, micros));
    }

    AccessTrace build() {
      return new AccessTrace(List.copyOf(layers.keySet()), accesses);
    }
  }
}
