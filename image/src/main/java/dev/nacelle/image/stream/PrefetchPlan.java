package dev.nacelle.image.stream;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * What to fetch for a trace, in which order. Chunks that are neighbours and needed at about the
 * same time are one request, with small gaps between them.
 *
 * @param steps requests in their order
 * @param whole layers of which so much is needed that all of it is fetched in the end
 */
record PrefetchPlan(List<Step> steps, List<Integer> whole) {
  /** No request has more chunks, with gaps. */
  static final int MOST_CHUNKS = 8;

  /** Nor more stored bytes, unless a chunk alone has. */
  private static final int MOST_BYTES = 2 << 20;

  /**
   * How much later, in chunks of the trace, a chunk may be needed to be fetched with a neighbour.
   */
  private static final int HORIZON = 64;

  /** A gap costs its bytes, a request a round trip: at 1 Gb/s this is 2 ms. */
  private static final int MOST_GAP_BYTES = 256 << 10;

  /** Chunks of a request in a layer. */
  record Step(int layer, ChunkRange range) {}

  PrefetchPlan {
    steps = List.copyOf(steps);
    whole = List.copyOf(whole);
  }

  /** Tells what is to be fetched. */
  @FunctionalInterface
  interface Wanted {
    boolean wants(int layer, int chunk);
  }

  /** Layers that the trace does not know, or that are no longer the same, are left alone. */
  static PrefetchPlan of(AccessTrace trace, List<StreamIndex> layers) {
    return of(trace, layers, (layer, chunk) -> true);
  }

  /** As the other, without what is not wanted any more. */
  static PrefetchPlan of(AccessTrace trace, List<StreamIndex> layers, Wanted wanted) {
    Map<AccessTrace.Layer, Integer> numbers = numbers(layers);
    var planned = new ArrayList<Planned>();
    for (int i = 0; i < layers.size(); i++) {
      int layer = i;
      planned.add(new Planned(layers.get(i), chunk -> wanted.wants(layer, chunk)));
    }
    for (int place = 0; place < trace.accesses().size(); place++) {
      AccessTrace.Access access = trace.accesses().get(place);
      Integer layer = numbers.get(trace.layers().get(access.layer()));
      if (layer != null && access.chunk() < layers.get(layer).chunks()) {
        planned.get(layer).places.put(access.chunk(), place);
      }
    }
    var steps = new ArrayList<Step>();
    for (AccessTrace.Access access : trace.accesses()) {
      Integer layer = numbers.get(trace.layers().get(access.layer()));
      if (layer != null && planned.get(layer).isOpen(access.chunk())) {
        steps.add(new Step(layer, planned.get(layer).take(access.chunk())));
      }
    }
    var whole = new ArrayList<Integer>();
    for (int i = 0; i < planned.size(); i++) {
      if (planned.get(i).isMostOfTheLayer()) {
        whole.add(i);
      }
    }
    return new PrefetchPlan(steps, whole);
  }

  /** The chunks of a trace in its very order: for who has them one behind the other. */
  static List<Step> oneByOne(AccessTrace trace, List<StreamIndex> layers) {
    Map<AccessTrace.Layer, Integer> numbers = numbers(layers);
    var steps = new LinkedHashSet<Step>();
    for (AccessTrace.Access access : trace.accesses()) {
      Integer layer = numbers.get(trace.layers().get(access.layer()));
      if (layer != null && access.chunk() < layers.get(layer).chunks()) {
        steps.add(new Step(layer, new ChunkRange(access.chunk(), 1)));
      }
    }
    return List.copyOf(steps);
  }

  private static Map<AccessTrace.Layer, Integer> numbers(List<StreamIndex> layers) {
    Map<AccessTrace.Layer, Integer> numbers = new HashMap<>();
    for (int i = 0; i < layers.size(); i++) {
      numbers.putIfAbsent(AccessTrace.Layer.of(layers.get(i)), i);
    }
    return numbers;
  }

  /** A layer while it is planned. */
  private static final class Planned {
    private final StreamIndex index;

    /** Where in the trace each chunk is. */
    private final Map<Integer, Integer> places = new HashMap<>();

    private final BitSet taken = new BitSet();
    private final IntPredicate wanted;

    Planned(StreamIndex index, IntPredicate wanted) {
      this.index = index;
      this.wanted = wanted;
    }

    boolean isOpen(int chunk) {
      return places.containsKey(chunk) && !taken.get(chunk) && wanted.test(chunk);
    }

    /** The chunk and those neighbours that go with it. */
    ChunkRange take(int chunk) {
      int latest = places.getOrDefault(chunk, 0) + HORIZON;
      int first = chunk;
      int end = chunk + 1;
      for (int next = after(end, latest); fits(first, next); next = after(end, latest)) {
        end = next;
      }
      for (int next = before(first, latest); fits(next, end); next = before(first, latest)) {
        first = next;
      }
      taken.set(first, end);
      return ChunkRange.between(first, end);
    }

    /** Where a request that ends here would end with the next chunk; far away if there is none. */
    private int after(int end, int latest) {
      for (int n = end; n <= end + 1 && n < index.chunks() && !taken.get(n); n++) {
        if (isSoon(n, latest) && isSmallGap(end, n)) {
          return n + 1;
        }
      }
      return Integer.MAX_VALUE;
    }

    private int before(int first, int latest) {
      for (int n = first - 1; n >= first - 2 && n >= 0 && !taken.get(n); n--) {
        if (isSoon(n, latest) && isSmallGap(n + 1, first)) {
          return n;
        }
      }
      return -1;
    }

    private boolean isSoon(int chunk, int latest) {
      return isOpen(chunk) && places.getOrDefault(chunk, Integer.MAX_VALUE) <= latest;
    }

    private boolean isSmallGap(int from, int to) {
      return index.offset(to) - index.offset(from) <= MOST_GAP_BYTES;
    }

    private boolean fits(int first, int end) {
      return first >= 0
          && end <= index.chunks()
          && end - first <= MOST_CHUNKS
          && index.storedBytes(ChunkRange.between(first, end)) <= MOST_BYTES;
    }

    boolean isMostOfTheLayer() {
      long needed = places.keySet().stream().mapToLong(index::storedBytes).sum();
      return needed > 0 && 2 * needed >= index.storedBytes();
    }
  }
}
