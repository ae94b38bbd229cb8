package dev.nacelle.image;

import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The registry that a layer is filled from; a later pull of the same layer brings another one, or
 * another credential. Safe for any thread.
 */
final class OriginSource implements ChunkSource {
  private volatile ChunkSource current;

  OriginSource(ChunkSource first) {
    this.current = first;
  }

  void replace(ChunkSource next) {
    current = next;
  }

  @Override
  public String name() {
    return current.name();
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
    return current.fetch(range);
  }
}
