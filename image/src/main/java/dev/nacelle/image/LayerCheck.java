package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.LayerSums;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.kernel.lazy.PresenceMap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;

/**
 * Compares the files of a layer with what was recorded when they came: digests and sums, or the
 * hash tree of its streaming form, of which only the chunks that are here count.
 */
record LayerCheck(Path directory, StoredLayer layer) {
  private static final int CHUNK = LayerSums.CHUNK_BYTES;
  private static final int MOST_NAMED = 20;

  boolean isSound() throws IOException {
    return differences(doneBytes -> {}).isEmpty();
  }

  /**
   * What differs, in words: {@code chunk 3 of the data (bytes 1572864 to 2097152)}.
   *
   * @param progress hears how many bytes of the data were read; those that are not here are not
   */
  List<String> differences(LongConsumer progress) throws IOException {
    var found = new ArrayList<String>();
    Path data = directory.resolve(LayerStore.DATA);
    Path metadata = directory.resolve(LayerStore.METADATA);
    boolean sized = hasSize(metadata, layer.built().metadataBytes(), "the metadata", found);
    if (!hasSize(data, layer.built().dataBytes(), "the data", found) || !sized) {
      return found;
    }
    if (Files.exists(directory.resolve(LocalParts.STREAM_INDEX))) {
      Optional<StreamIndex> index = index(found);
      if (index.isPresent()) {
        checkStreamed(index.get(), metadata, data, found, progress);
      }
    } else {
      checkBuilt(metadata, data, found, progress);
    }
    return shortened(found);
  }

  /** As {@link #differences}, of a layer that is being filled: of what was fetched whole. */
  List<String> differencesOfMetadata() throws IOException {
    var found = new ArrayList<String>();
    Path metadata = directory.resolve(LayerStore.METADATA);
    if (hasSize(metadata, layer.built().metadataBytes(), "the metadata", found)) {
      index(found).ifPresent(index -> checkMetadata(index, metadata, found));
    }
    return found;
  }

  private static List<String> shortened(List<String> found) {
    if (found.size() <= MOST_NAMED) {
      return found;
    }
    var some = new ArrayList<>(found.subList(0, MOST_NAMED));
    some.add("and " + (found.size() - MOST_NAMED) + " more chunks");
    return some;
  }

  private static boolean hasSize(Path file, long size, String what, List<String> found)
      throws IOException {
    try {
      long actual = Files.size(file);
      if (actual == size) {
        return true;
      }
      found.add(what + " (" + actual + " bytes, not " + size + ")");
    } catch (NoSuchFileException e) {
      found.add(what + " (it is missing)");
    }
    return false;
  }

  /** The index that the layer's key was made of. */
  private Optional<StreamIndex> index(List<String> found) {
    Path file = directory.resolve(LocalParts.STREAM_INDEX);
    try {
      StreamIndex index = StreamIndex.parse(Bytes.wrap(Files.readAllBytes(file)));
      if (StoredLayer.of(index).equals(layer)) {
        return Optional.of(index);
      }
    } catch (IOException e) {
      // it is named as what differs
    }
    found.add(LocalParts.STREAM_INDEX);
    return Optional.empty();
  }

  private static void checkMetadata(StreamIndex index, Path metadata, List<String> found) {
    try {
      if (!Sha256.of(metadata).equals(digestText(index.metadata().sha256()))) {
        found.add("the metadata");
      }
    } catch (IOException e) {
      found.add("the metadata (" + e.getMessage() + ")");
    }
  }

  private void checkStreamed(
      StreamIndex index, Path metadata, Path data, List<String> found, LongConsumer progress)
      throws IOException {
    checkMetadata(index, metadata, found);
    IntPredicate present = present(index);
    try (InputStream in = Files.newInputStream(data)) {
      byte[] chunk = new byte[CHUNK];
      long read = 0;
      for (int n = 0; n < index.chunks(); n++) {
        int size = index.chunkBytes(n);
        if (present.test(n)) {
          read += size;
          if (in.readNBytes(chunk, 0, size) != size || !index.proves(n, chunk)) {
            found.add(named(n, size));
          }
        } else {
          in.skipNBytes(size);
        }
        progress.accept(read);
      }
    }
  }

  /** How much of the data {@link #differences} reads, as far as can be told beforehand. */
  long presentBytes() throws IOException {
    if (!Files.exists(directory.resolve(LocalParts.STREAM_ORIGIN))) {
      return layer.built().dataBytes();
    }
    Optional<StreamIndex> index = index(new ArrayList<>());
    if (index.isEmpty()) {
      return 0;
    }
    IntPredicate present = present(index.get());
    long bytes = 0;
    for (int n = 0; n < index.get().chunks(); n++) {
      bytes += present.test(n) ? index.get().chunkBytes(n) : 0;
    }
    return bytes;
  }

  /** Which chunks are here. */
  private IntPredicate present(StreamIndex index) throws IOException {
    var files = new LazyLayerFiles(directory);
    if (!Files.exists(directory.resolve(LocalParts.STREAM_ORIGIN))) {
      return n -> true;
    }
    if (!files.isOfThisBoot()) {
      return n -> false; // what the map says is proved again before it is believed
    }
    try {
      PresenceMap map = PresenceMap.open(files.map(), index.dataBytes(), CHUNK);
      return map::has;
    } catch (NoSuchFileException e) {
      return n -> true; // it has become whole just now
    }
  }

  private void checkBuilt(Path metadata, Path data, List<String> found, LongConsumer progress)
      throws IOException {
    Optional<LayerSums> sums = sums(found);
    if (sums.isPresent() && !Sha256.of(metadata).equals(sums.get().metadataDigest())) {
      found.add("the metadata");
    }
    MessageDigest whole = Sha256.newDigest();
    var chunks = new ArrayList<String>();
    try (InputStream in = Files.newInputStream(data)) {
      byte[] chunk = new byte[CHUNK];
      long read = 0;
      for (int n = 0; read < layer.built().dataBytes(); n++) {
        int size = in.readNBytes(chunk, 0, CHUNK);
        whole.update(chunk, 0, size);
        if (sums.isPresent() && !sums.get().fits(n, chunk, size)) {
          chunks.add(named(n, size));
        }
        read += size;
        progress.accept(read);
        if (size == 0) {
          break;
        }
      }
    }
    boolean differs = !Sha256.text(whole).equals(layer.built().dataDigest());
    if (differs) {
      found.addAll(chunks.isEmpty() ? List.of("the data") : chunks);
    } else if (!chunks.isEmpty()) {
      found.add(LayerSums.FILE);
    }
  }

  /** Layers that an earlier version brought in have none: their metadata is not looked at. */
  private Optional<LayerSums> sums(List<String> found) {
    Path file = directory.resolve(LayerSums.FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(LayerSums.read(file));
    } catch (IOException e) {
      found.add(LayerSums.FILE);
      return Optional.empty();
    }
  }

  private static String named(int chunk, int size) {
    long from = (long) chunk * CHUNK;
    return "chunk " + chunk + " of the data (bytes " + from + " to " + (from + size) + ")";
  }

  private static String digestText(Bytes sha256) {
    return "sha256:" + java.util.HexFormat.of().formatHex(sha256.toByteArray());
  }
}
