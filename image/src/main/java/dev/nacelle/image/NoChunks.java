package dev.nacelle.image;

import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Has no chunk: where none is needed. */
final class NoChunks implements ChunkSource {
  @Override
  public String name() {
    return "nowhere";
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException {
    throw new IOException("no chunks here");
  }
}
