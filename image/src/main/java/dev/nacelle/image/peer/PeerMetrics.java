package dev.nacelle.image.peer;

import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Metrics;

/** What a host counts of its peers. Safe for any thread. */
public final class PeerMetrics {
  private final Counter.Cell fromPeers;
  private final Counter.Cell fromOrigin;
  private final Counter.Cell content;
  private final Counter.Cell served;
  private final Counter.Cell wrong;
  private final Counter requests;

  public PeerMetrics(Metrics metrics) {
    Counter fetched =
        metrics.counter(
            "nacelle_layer_fetched_bytes_total",
            "Bytes of layers' chunks that arrived, as they came over the network.",
            "from");
    fromPeers = fetched.cell("peer");
    fromOrigin = fetched.cell("origin");
    content =
        metrics
            .counter(
                "nacelle_peer_content_bytes_total",
                "Bytes of manifests, configurations, indexes and metadata that peers gave.")
            .cell();
    served =
        metrics
            .counter("nacelle_peer_served_bytes_total", "Bytes that were given to peers.")
            .cell();
    wrong =
        metrics
            .counter(
                "nacelle_peer_wrong_chunks_total",
                "Chunks that peers gave and that were not what was asked for.")
            .cell();
    requests =
        metrics.counter("nacelle_peer_requests_total", "Requests of peers, by answer.", "answer");
  }

  /** How a request was answered. */
  enum Answer {
    SERVED,
    /** It is not here. */
    ABSENT,
    /** There are too many at once. */
    BUSY,
    /** The asker may not. */
    DENIED,
    /** There is no such request. */
    MALFORMED,
    FAILED
  }

  void answered(Answer answer) {
    requests.increment(answer.name().toLowerCase(java.util.Locale.ROOT));
  }

  void served(long bytes) {
    served.add(bytes);
  }

  void fromPeer(long bytes) {
    fromPeers.add(bytes);
  }

  void fromOrigin(long bytes) {
    fromOrigin.add(bytes);
  }

  void content(long bytes) {
    content.add(bytes);
  }

  void wrongChunk() {
    wrong.increment();
  }
}
