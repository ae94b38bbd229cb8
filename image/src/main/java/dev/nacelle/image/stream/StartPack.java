package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The head of a start pack: all that a container's start needs of its image, in one blob. The index
 * and the metadata of each layer, the trace, and, behind the head, the chunks of the trace in its
 * order. The head is sealed; the chunks are proved by the indexes.
 *
 * @param layers in the order of the image
 * @param steps the chunks that follow the head, as the layers' blobs of chunks have them
 */
record StartPack(List<Layer> layers, AccessTrace trace, List<PrefetchPlan.Step> steps) {
  /** Changes whenever a reader of the old version would not understand. */
  static final int FORMAT_VERSION = 1;

  /** With more metadata there is no pack: it would be in the way of the chunks. */
  static final int MAX_HEAD_BYTES = 64 << 20;

  /** What is read and not fetched yet is held in memory. */
  static final int MAX_CHUNK_BYTES = 32 << 20;

  /**
   * A layer.
   *
   * @param chunks the blob of its chunks, in the same repository
   * @param metadata the stored form of its metadata image
   */
  record Layer(StreamIndex index, Descriptor chunks, Bytes metadata) {
    Layer {
      if (chunks.sizeBytes() != index.storedBytes()
          || metadata.sizeBytes() != index.metadata().storedBytes()) {
        throw new IllegalArgumentException("an index is that of another layer");
      }
    }
  }

  StartPack {
    layers = List.copyOf(layers);
    steps = List.copyOf(steps);
    if (layers.size() > AccessTrace.MOST_LAYERS || steps.size() > AccessTrace.MOST_ACCESSES) {
      throw new IllegalArgumentException("too many layers or chunks");
    }
    long bytes = 0;
    for (PrefetchPlan.Step step : steps) {
      boolean known = step.layer() < layers.size();
      if (!known || step.range().end() > layers.get(step.layer()).index().chunks()) {
        throw new IllegalArgumentException("chunks of no layer");
      }
      bytes += layers.get(step.layer()).index().storedBytes(step.range());
    }
    if (bytes > MAX_CHUNK_BYTES) {
      throw new IllegalArgumentException("chunks of " + bytes + " bytes");
    }
  }

  /** The bytes of the head. */
  Bytes toBytes() {
    return StartPackFormat.write(this);
  }

  /**
   * Reads a head; what follows it in the stream are the chunks.
   *
   * @throws StreamFormatException if anything in it is not as it must be
   */
  static StartPack read(InputStream in) throws IOException {
    byte[] prefix = in.readNBytes(StartPackFormat.PREFIX_BYTES);
    int size = StartPackFormat.headBytes(prefix);
    byte[] rest = in.readNBytes(size - prefix.length);
    if (rest.length < size - prefix.length) {
      throw new EOFException("the head of a start pack is cut off");
    }
    return StartPackFormat.parse(prefix, rest);
  }
}
