package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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
    var result = new ArrayList<ByteBuffer>(range.count());
    int n = range.first();
    while (n < range.end()) {
      boolean packed = pack.mayCome(layer, n);
      int end = n + 1;
      while (end < range.end() && pack.mayCome(layer, end) == packed) {
        end++;
      }
      ChunkRange run = ChunkRange.between(n, end);
      Optional<List<ByteBuffer>> taken = packed ? pack.take(layer, run) : Optional.empty();
      result.addAll(taken.isPresent() ? taken.get() : registry.fetch(run));
      n = end;
    }
    return result;
  }
}
