package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Chunks from the blob of chunks in a registry, by range requests. */
public final class RegistryChunkSource implements ChunkSource {
  private final StreamIndex index;
  private final Repository repository;
  private final Descriptor chunks;
  private final String name;

  /**
   * @param chunks the blob of the layer's chunks
   * @param name of the repository, for people
   * @throws StreamFormatException if the blob has not the size that the index says
   */
  public RegistryChunkSource(
      StreamIndex index, Repository repository, Descriptor chunks, String name)
      throws StreamFormatException {
    if (chunks.sizeBytes() != index.storedBytes()) {
      throw new StreamFormatException(
          "cannot use the chunks of layer %s: the blob has %d bytes, the index says %d"
              .formatted(index.diffId(), chunks.sizeBytes(), index.storedBytes()));
    }
    this.index = index;
    this.repository = repository;
    this.chunks = chunks;
    this.name = "registry " + name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
    int length = Math.toIntExact(index.storedBytes(range));
    Bytes stored = repository.range(chunks, index.offset(range.first()), length);
    return StoredChunk.split(index, range, stored.unsafeArray());
  }
}
