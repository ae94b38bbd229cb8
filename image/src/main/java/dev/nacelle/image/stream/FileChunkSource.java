package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Chunks from a blob of chunks on this disk. */
public final class FileChunkSource implements ChunkSource, AutoCloseable {
  private final StreamIndex index;
  private final Path file;
  private final FileChannel channel;

  public FileChunkSource(StreamIndex index, Path file) throws IOException {
    this.index = index;
    this.file = file;
    this.channel = FileChannel.open(file, StandardOpenOption.READ);
  }

  @Override
  public String name() {
    return "file " + file;
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException {
    byte[] stored = new byte[Math.toIntExact(index.storedBytes(range))];
    Channels.read(channel, index.offset(range.first()), ByteBuffer.wrap(stored));
    return StoredChunk.split(index, range, stored);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
