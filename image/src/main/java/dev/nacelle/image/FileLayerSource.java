package dev.nacelle.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A layer whose data blob is a local file, verified when it was built. */
final class FileLayerSource implements LayerSource {
  private final FileChannel channel;
  private final long sizeBytes;
  private final String digest;

  FileLayerSource(Path file, StoredLayer layer) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.READ);
    sizeBytes = layer.built().dataBytes();
    digest = layer.built().dataDigest();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public int read(long offset, ByteBuffer into) throws IOException {
    int total = 0;
    while (into.hasRemaining() && offset + total < sizeBytes) {
      int got = channel.read(into, offset + total);
      if (got < 0) {
        throw new IOException("cannot read layer " + digest + ": the file is shorter than it was");
      }
      total += got;
    }
    return total;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close layer " + digest, e);
    }
  }
}
