package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Chunks from a blob of chunks on this disk. Opens the file for each fetch: an interrupted one
 * would close a channel under the others.
 */
public final class FileChunkSource implements ChunkSource {
  private final StreamIndex index;
  private final Path file;

  public FileChunkSource(StreamIndex index, Path file) {
    this.index = index;
    this.file = file;
  }

  @Override
  public String name() {
    return "file " + file;
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException {
    byte[] stored = new byte[Math.toIntExact(index.storedBytes(range))];
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Channels.read(channel, index.offset(range.first()), ByteBuffer.wrap(stored));
    }
    return StoredChunk.split(index, range, stored);
  }
}
