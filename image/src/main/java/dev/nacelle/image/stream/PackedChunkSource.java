package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A registry whose start pack is on its way: what is in the pack is not asked for again. */
final class PackedChunkSource implements ChunkSource {
  private final PackedChunks pack;
  private final int layer;
  private final ChunkSource registry;

  PackedChunkSource(PackedChunks pack, int layer, ChunkSource registry) {
    this.pack = pack;
    this.layer = layer;
    this.registry = registry;
  }

  @Override
  public String name() {
    return registry.name();
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
    Optional<List<ByteBuffer>> packed = pack.take(layer, range);
    return packed.isPresent() ? packed.get() : registry.fetch(range);
  }
}
