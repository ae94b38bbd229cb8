package dev.nacelle.image.peer;

import dev.nacelle.image.stream.ChunkAbsentException;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/** One peer as a source of one layer's chunks. Safe for any thread. */
final class PeerChunkSource implements ChunkSource {
  /** To ask the origin beside a host that is only busy would cost the origin another copy. */
  private static final Duration HEDGE = Duration.ofSeconds(2);

  /** While an owner fills, nobody else could do it sooner. */
  private static final Duration FILL_HEDGE = Duration.ofSeconds(3);

  private final LayerPeers layer;
  private final Peer peer;
  private final PeerCall.Absent absent;

  PeerChunkSource(LayerPeers layer, Peer peer, PeerCall.Absent absent) {
    this.layer = layer;
    this.peer = peer;
    this.absent = absent;
  }

  Peer peer() {
    return peer;
  }

  @Override
  public String name() {
    return peer.toString();
  }

  @Override
  public Form form() {
    return Form.PLAIN;
  }

  @Override
  public Duration hedgeAfter(Duration usual) {
    Duration own = hedge();
    return usual.compareTo(own) < 0 ? own : usual;
  }

  private Duration hedge() {
    return switch (absent) {
      case FILL -> FILL_HEDGE;
      case REFUSE -> HEDGE;
    };
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
    long began = System.nanoTime();
    try {
      PeerCall.Chunks chunks =
          layer.call(peer).chunks(layer.key(), range.first(), layer.sizes(range), absent);
      switch (chunks.found()) {
        case YES -> layer.metrics().fromPeer(layer.bytes(range));
        case NOT_THESE -> throw new ChunkAbsentException("it does not have them yet");
        case NO_LAYER -> {
          layer.lacks(peer);
          throw new ChunkAbsentException("it does not have the layer");
        }
        case BUSY -> throw new ChunkAbsentException("it is busy");
      }
      return chunks.buffers();
    } catch (InterruptedException e) {
      if (System.nanoTime() - began > hedge().toNanos()) {
        peer.failed("it is slow");
      }
      throw e;
    }
  }

  @Override
  public void gaveWrong(String what) {
    layer.metrics().wrongChunk();
    peer.gaveWrong(what);
  }
}
