package dev.nacelle.image.peer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.ChunkSources;
import dev.nacelle.image.stream.MetadataBlob;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other hosts that may have what this one needs, and what this one has for them. With nobody
 * there it costs nothing. Safe for any thread.
 */
public final class Peers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  /** So many are asked whether they have a layer, so many whether they have something small. */
  private static final int MOST_ASKED = 32;

  private static final int MOST_ASKED_CONTENT = 8;
  private static final long CONTENT_PATIENCE_MILLIS = 500;
  private static final int PATIENCE_SECONDS = 10;

  private final PeerMetrics metrics;
  private final List<PeerRealm> realms = new CopyOnWriteArrayList<>();
  private final Map<String, LayerPeers> layers = new ConcurrentHashMap<>();
  private final ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor();
  private volatile Optional<String> self = Optional.empty();
  private volatile PeerShelf shelf = PeerShelf.EMPTY;

  /** Who last had something small: it may have what belongs to it. */
  private volatile Optional<Peer> helpful = Optional.empty();

  public Peers(PeerMetrics metrics) {
    this.metrics = metrics;
  }

  /** This host serves, under this URL. */
  public void serveAs(String url) {
    self = Optional.of(url);
  }

  /** What this host has to give. */
  public void stock(PeerShelf newShelf) {
    shelf = newShelf;
  }

  /** From now on these are asked; the realm is closed with this. */
  public void join(PeerRealm realm) {
    realms.add(realm);
  }

  PeerMetrics metrics() {
    return metrics;
  }

  Optional<String> self() {
    return self;
  }

  PeerShelf shelf() {
    return shelf;
  }

  /** All that are there now, but for this host. */
  List<Peer> all() {
    var all = new ArrayList<Peer>();
    for (PeerRealm realm : realms) {
      for (Peer peer : realm.peers()) {
        if (self.isEmpty() || !self.get().equals(peer.id())) {
          all.add(peer);
        }
      }
    }
    return all;
  }

  boolean isAlone() {
    return realms.stream().allMatch(realm -> realm.peers().isEmpty());
  }

  PeerCall call(Peer peer) {
    return new PeerCall(peer, self);
  }

  /** Runs a task on a thread of its own; whether it could. */
  boolean beside(Runnable task) {
    try {
      beside.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** Those to ask for something: all, where they are not too many. */
  List<Peer> toAsk(String what) {
    List<Peer> all = all().stream().filter(p -> !p.isAvoided()).toList();
    if (all.size() <= MOST_ASKED) {
      return all;
    }
    List<String> chosen =
        Placement.order(all.stream().map(Peer::id).toList(), what, 0).subList(0, MOST_ASKED);
    return all.stream().filter(p -> chosen.contains(p.id())).toList();
  }

  /**
   * A layer that this host begins to fill.
   *
   * @param origins asked after the peers, in their order
   */
  public LayerPeers layer(String key, StreamIndex index, ChunkSources origins) {
    var layer = new LayerPeers(this, key, index, origins);
    layers.put(key, layer);
    return layer;
  }

  Optional<LayerPeers> layer(String key) {
    return Optional.ofNullable(layers.get(key));
  }

  void forget(LayerPeers layer) {
    layers.remove(layer.key(), layer);
  }

  /** A peer that calls itself so has begun to fill a layer. */
  void announced(String id, String key) {
    layer(key)
        .ifPresent(
            layer ->
                all().stream()
                    .filter(p -> p.id().equals(id))
                    .findFirst()
                    .ifPresent(layer::announced));
  }

  /**
   * Something small that a peer has.
   *
   * @param digest of the content, which has been compared with it
   */
  public Optional<Bytes> content(String digest, int maxBytes) throws InterruptedException {
    List<Peer> some = someToAsk(digest);
    if (some.isEmpty()) {
      return Optional.empty();
    }
    Optional<Peer> first = helpful.filter(some::contains);
    if (first.isPresent()) {
      Optional<Bytes> got = race(List.of(first.get()), digest, maxBytes);
      if (got.isPresent()) {
        return got;
      }
    }
    return race(
        some.stream().filter(p -> !Optional.of(p).equals(first)).toList(), digest, maxBytes);
  }

  private List<Peer> someToAsk(String what) {
    List<Peer> good = all().stream().filter(p -> !p.isAvoided()).toList();
    if (good.size() <= MOST_ASKED_CONTENT) {
      return good;
    }
    List<String> order = Placement.order(good.stream().map(Peer::id).toList(), what, 0);
    return good.stream()
        .filter(
            p ->
                order.indexOf(p.id()) < MOST_ASKED_CONTENT || helpful.filter(p::equals).isPresent())
        .toList();
  }

  /** Asks some at once; the first that has it is enough. */
  private Optional<Bytes> race(List<Peer> some, String digest, int maxBytes)
      throws InterruptedException {
    CompletionService<Optional<Bytes>> answers = new ExecutorCompletionService<>(beside);
    var asked = new ArrayList<Future<Optional<Bytes>>>();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONTENT_PATIENCE_MILLIS);
    try {
      for (Peer peer : some) {
        asked.add(answers.submit(() -> content(peer, digest, maxBytes)));
      }
      for (int i = 0; i < asked.size(); i++) {
        Future<Optional<Bytes>> answer =
            answers.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (answer == null) {
          return Optional.empty();
        }
        Optional<Bytes> got = answer.get();
        if (got.isPresent()) {
          metrics.content(got.get().sizeBytes());
          return got;
        }
      }
      return Optional.empty();
    } catch (ExecutionException | RejectedExecutionException e) {
      LOG.debug("cannot ask peers for {}", digest, e);
      return Optional.empty();
    } finally {
      asked.forEach(a -> a.cancel(true));
    }
  }

  private Optional<Bytes> content(Peer peer, String digest, int maxBytes)
      throws InterruptedException {
    try {
      Optional<Bytes> got = call(peer).content(digest, maxBytes);
      if (got.isPresent() && !Sha256.of(got.get()).equals(digest)) {
        peer.gaveWrong("content in place of " + digest);
        return Optional.empty();
      }
      got.ifPresent(bytes -> helpful = Optional.of(peer));
      return got;
    } catch (IOException e) {
      return Optional.empty(); // its reputation knows
    }
  }

  /**
   * Gets the metadata image of a layer from a peer, and proves it.
   *
   * @param image where it goes; not there afterwards if no peer has it
   * @return whether one had it
   * @throws IOException if the image cannot be written
   */
  public boolean metadata(String key, StreamIndex index, Path image)
      throws IOException, InterruptedException {
    List<Peer> some = new ArrayList<>(someToAsk(key));
    some.sort(java.util.Comparator.comparing(p -> helpful.filter(p::equals).isEmpty()));
    for (Peer peer : some) {
      try {
        if (call(peer).metadata(key, in -> MetadataBlob.copy(index, in, image))) {
          metrics.content(index.metadata().sizeBytes());
          return true;
        }
      } catch (StreamFormatException e) {
        peer.gaveWrong(String.valueOf(e.getMessage()));
      } catch (IOException e) {
        LOG.debug("{} did not give the metadata of layer {}", peer, key, e);
      }
    }
    return false;
  }

  @Override
  public void close() {
    layers.clear();
    beside.shutdownNow();
    try {
      if (!beside.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("requests to peers are still under way");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    realms.forEach(PeerRealm::close);
  }
}
