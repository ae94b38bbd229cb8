package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.StartPackWriter;
import dev.nacelle.image.stream.StartReferrer;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.image.stream.StreamReferrer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The start pack of an image that nobody has started yet: its indexes and metadata, so that its
 * first start asks its registry no more often than the later ones. Safe for any thread.
 */
final class FirstPack {
  private static final AccessTrace NOTHING_SEEN = new AccessTrace(List.of(), List.of());

  /** With more metadata a pack is no shorter way. */
  private static final long MOST_METADATA_BYTES = 16L << 20;

  private final Path temporary;

  FirstPack(Path temporary) {
    this.temporary = temporary;
  }

  void publish(StreamPlace place, Descriptor subject, StreamReferrer form)
      throws IOException, InterruptedException {
    long size = form.layers().stream().mapToLong(l -> l.metadata().sizeBytes()).sum();
    if (size > MOST_METADATA_BYTES) {
      return;
    }
    var layers = new ArrayList<StartPackWriter.Layer>();
    for (StreamReferrer.Layer layer : form.layers()) {
      layers.add(
          new StartPackWriter.Layer(
              StreamIndex.parse(read(place, layer.index())),
              layer.chunks(),
              read(place, layer.metadata()),
              new NoChunks()));
    }
    Path directory = Files.createTempDirectory(temporary, "pack-");
    try {
      Optional<StartPackWriter.Packed> pack =
          StartPackWriter.write(layers, NOTHING_SEEN, directory.resolve("pack"));
      if (pack.isPresent()) {
        // the oldest there can be: whatever a start has seen is newer
        StartReferrer.publish(place.referrers(), subject, pack.get(), Instant.EPOCH);
      }
    } finally {
      Trees.delete(directory);
    }
  }

  private static Bytes read(StreamPlace place, Descriptor blob)
      throws IOException, InterruptedException {
    try (InputStream in = place.blob(blob)) {
      return Bytes.wrap(in.readAllBytes());
    }
  }
}
