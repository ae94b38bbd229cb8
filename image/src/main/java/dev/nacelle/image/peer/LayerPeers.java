package dev.nacelle.image.peer;

import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import dev.nacelle.image.stream.ChunkSources;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One layer that this host is filling, and who else has it. The hosts that have the layer, this one
 * among them, share its groups of chunks by {@link Placement}; the owner of a group is asked first
 * and fetches what it lacks, then at most one other that is known to have it, then the origin.
 * Nobody waits for an owner that waits for another: an owner asks others only for what they have.
 * Safe for any thread.
 */
public final class LayerPeers implements ChunkSources, AutoCloseable {
  private static final Duration FIRST_LOOK = Duration.ofMillis(400);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);

  /** Another registry beside a slow one costs another copy: a slow line is no reason. */
  private static final Duration BESIDE_AN_ORIGIN = Duration.ofSeconds(5);

  private final Peers peers;
  private final String key;
  private final StreamIndex index;
  private final ChunkSources origins;

  /** The origins, as they are given on. */
  private final Map<ChunkSource, ChunkSource> counted = new ConcurrentHashMap<>();

  private final CountDownLatch looked = new CountDownLatch(1);
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile long lookedNanos = System.nanoTime();
  private volatile Optional<LazyLayer> layer = Optional.empty();

  /** What each peer that has the layer was last known to have of it. */
  private final Map<Peer, PeerCall.Has> holders = new ConcurrentHashMap<>();

  private final Map<Peer, PeerChunkSource> owners = new ConcurrentHashMap<>();
  private final Map<Peer, PeerChunkSource> others = new ConcurrentHashMap<>();

  LayerPeers(Peers peers, String key, StreamIndex index, ChunkSources origins) {
    this.peers = peers;
    this.key = key;
    this.index = index;
    this.origins = origins;
  }

  /** Counts what the origin sends. */
  private record CountedOrigin(ChunkSource source, PeerMetrics metrics) implements ChunkSource {
    @Override
    public String name() {
      return source.name();
    }

    @Override
    public Form form() {
      return source.form();
    }

    @Override
    public Duration hedgeAfter(Duration usual) {
      return BESIDE_AN_ORIGIN;
    }

    @Override
    public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
      List<ByteBuffer> chunks = source.fetch(range);
      metrics.fromOrigin(chunks.stream().mapToLong(ByteBuffer::remaining).sum());
      return chunks;
    }
  }

  String key() {
    return key;
  }

  PeerMetrics metrics() {
    return peers.metrics();
  }

  PeerCall call(Peer peer) {
    return peers.call(peer);
  }

  int[] sizes(ChunkRange range) {
    int[] sizes = new int[range.count()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = index.chunkBytes(range.first() + i);
    }
    return sizes;
  }

  long bytes(ChunkRange range) {
    long sum = 0;
    for (int size : sizes(range)) {
      sum += size;
    }
    return sum;
  }

  /** From now on others are given what is here, and may have this host fill what it owns. */
  public void serve(LazyLayer filled) {
    layer = Optional.of(filled);
    lookAgain();
  }

  Optional<LazyLayer> layer() {
    return layer;
  }

  /** Whether a range lies in a group that this host owns, as far as it knows the others. */
  boolean owns(ChunkRange range) {
    Optional<String> self = peers.self();
    return self.isPresent() && order(range, wellBehaved(), self).getFirst().equals(self.get());
  }

  @Override
  public int border() {
    return peers.isAlone() ? Integer.MAX_VALUE : PeerProtocol.GROUP_CHUNKS;
  }

  /** A request that was made before there were others goes to the origin as it is. */
  private static boolean isOfOneGroup(ChunkRange range) {
    return range.first() / PeerProtocol.GROUP_CHUNKS
        == (range.end() - 1) / PeerProtocol.GROUP_CHUNKS;
  }

  @Override
  public List<ChunkSource> of(ChunkRange range) throws InterruptedException {
    if (peers.isAlone() || !isOfOneGroup(range)) {
      return origins(range);
    }
    if (System.nanoTime() - lookedNanos > LOOK_AGAIN.toNanos()) {
      lookAgain();
    }
    looked.await(FIRST_LOOK.toNanos(), TimeUnit.NANOSECONDS);
    var sources = new ArrayList<ChunkSource>(near(range));
    sources.addAll(origins(range));
    doubtful(range).ifPresent(sources::add);
    return sources;
  }

  private List<ChunkSource> origins(ChunkRange range) throws InterruptedException {
    List<ChunkSource> present = origins.of(range);
    counted.keySet().retainAll(present);
    return present.stream()
        .map(o -> counted.computeIfAbsent(o, c -> new CountedOrigin(c, peers.metrics())))
        .toList();
  }

  private List<ChunkSource> near(ChunkRange range) {
    List<Peer> good = wellBehaved();
    Optional<String> self = peers.self();
    var near = new ArrayList<ChunkSource>(2);
    boolean first = true;
    for (String id : order(range, good, self)) {
      Optional<Peer> peer = good.stream().filter(p -> p.id().equals(id)).findFirst();
      if (peer.isPresent() && first) {
        near.add(owners.computeIfAbsent(peer.get(), p -> source(p, PeerCall.Absent.FILL)));
      } else if (peer.isPresent() && hasAll(peer.get(), range)) {
        near.add(others.computeIfAbsent(peer.get(), p -> source(p, PeerCall.Absent.REFUSE)));
        return near;
      }
      first = false;
    }
    return near;
  }

  /** One that behaved badly is better than nobody. */
  private Optional<ChunkSource> doubtful(ChunkRange range) {
    return holders.keySet().stream()
        .filter(p -> p.isAvoided() && hasAll(p, range))
        .findFirst()
        .map(peer -> others.computeIfAbsent(peer, p -> source(p, PeerCall.Absent.REFUSE)));
  }

  private PeerChunkSource source(Peer peer, PeerCall.Absent absent) {
    return new PeerChunkSource(this, peer, absent);
  }

  private boolean hasAll(Peer peer, ChunkRange range) {
    PeerCall.Has has = holders.get(peer);
    return has != null && has.all(range.first(), range.count());
  }

  private List<Peer> wellBehaved() {
    Set<Peer> present = Set.copyOf(peers.all());
    return holders.keySet().stream().filter(p -> present.contains(p) && !p.isAvoided()).toList();
  }

  private List<String> order(ChunkRange range, List<Peer> good, Optional<String> self) {
    var ids = new ArrayList<String>();
    good.forEach(peer -> ids.add(peer.id()));
    self.ifPresent(ids::add);
    return Placement.order(ids, key, range.first() / PeerProtocol.GROUP_CHUNKS);
  }

  /** How many others are known to have the layer. */
  int holders() {
    return holders.size();
  }

  /** A peer says that it has begun to fill the layer. */
  void announced(Peer peer) {
    holders.putIfAbsent(peer, new PeerCall.Has(new java.util.BitSet(), false));
  }

  void lacks(Peer peer) {
    holders.remove(peer);
  }

  /** Asks all peers, beside whatever else happens, what they have of the layer. */
  void lookAgain() {
    if (!looking.compareAndSet(false, true)) {
      return;
    }
    lookedNanos = System.nanoTime();
    List<Peer> asked = peers.toAsk(key);
    holders.keySet().retainAll(peers.all());
    var left = new AtomicInteger(asked.size() + 1);
    for (Peer peer : asked) {
      boolean begun = peers.beside(() -> look(peer, left));
      if (!begun) {
        ended(left);
      }
    }
    ended(left);
  }

  private void look(Peer peer, AtomicInteger left) {
    try {
      peers
          .call(peer)
          .layer(key, index.chunks())
          .ifPresentOrElse(has -> holders.put(peer, has), () -> holders.remove(peer));
    } catch (IOException e) {
      holders.remove(peer); // its reputation knows
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended(left);
    }
  }

  private void ended(AtomicInteger left) {
    if (left.decrementAndGet() == 0) {
      looking.set(false);
      looked.countDown();
    }
  }

  /** Nothing of it is given away from here any more. */
  @Override
  public void close() {
    layer = Optional.empty();
    peers.forget(this);
  }
}
