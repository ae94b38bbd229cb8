package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes start packs; see {@link StartReferrer} for where they go. */
public final class StartPackWriter {

  /**
   * A layer and where its chunks come from.
   *
   * @param chunks the blob of its chunks
   * @param metadata the stored form of its metadata image
   */
  public record Layer(StreamIndex index, Descriptor chunks, Bytes metadata, ChunkSource source) {

    /** Of a form that was just made. */
    public static Layer of(StreamForm form) throws IOException {
      StoredBlob blob = form.chunkBlob();
      return new Layer(
          form.index(),
          new Descriptor(
              StreamReferrer.CHUNKS_TYPE, blob.digest(), blob.sizeBytes(), Optional.empty()),
          Bytes.wrap(Files.readAllBytes(form.metadataBlob().file())),
          new FileChunkSource(form.index(), blob.file()));
    }

    /** Of a form in a registry. */
    public static Layer of(Repository repository, StreamReferrer.Layer form)
        throws IOException, InterruptedException {
      StreamIndex index = StreamReferrer.fetchIndex(repository, form);
      if (form.metadata().sizeBytes() > StartPack.MAX_HEAD_BYTES) {
        throw new StreamFormatException(
            "cannot pack layer " + form.diffId() + ": its metadata is too large");
      }
      Bytes metadata;
      try (InputStream in = repository.blob(form.metadata())) {
        metadata = Bytes.wrap(in.readAllBytes());
      }
      return new Layer(
          index,
          form.chunks(),
          metadata,
          new RegistryChunkSource(index, repository, form.chunks(), "packed from"));
    }
  }

  /**
   * A finished pack.
   *
   * @param headBytes what of it is no chunks
   */
  public record Packed(StoredBlob blob, int headBytes) {}

  private StartPackWriter() {}

  /**
   * Writes a pack; empty if the layers have too much metadata for one.
   *
   * @param layers in the order of the image
   * @param trace may have no accesses
   * @param file must not exist; removed if the pack does not come about
   */
  public static Optional<Packed> write(List<Layer> layers, AccessTrace trace, Path file)
      throws IOException, InterruptedException {
    List<StreamIndex> indexes = layers.stream().map(Layer::index).toList();
    var packed =
        layers.stream().map(l -> new StartPack.Layer(l.index(), l.chunks(), l.metadata())).toList();
    long head = layers.stream().mapToLong(l -> l.metadata().sizeBytes()).sum();
    if (head > StartPack.MAX_HEAD_BYTES / 2) {
      return Optional.empty();
    }
    var pack =
        new StartPack(packed, trace, affordable(layers, PrefetchPlan.oneByOne(trace, indexes)));
    Files.createFile(file);
    boolean whole = false;
    try {
      Packed result = write(pack, layers, file);
      whole = true;
      return Optional.of(result);
    } finally {
      if (!whole) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** The first steps, as far as there is room for their chunks. */
  private static List<PrefetchPlan.Step> affordable(
      List<Layer> layers, List<PrefetchPlan.Step> steps) {
    var result = new ArrayList<PrefetchPlan.Step>();
    long bytes = 0;
    for (PrefetchPlan.Step step : steps) {
      bytes += layers.get(step.layer()).index().storedBytes(step.range());
      if (bytes > StartPack.MAX_CHUNK_BYTES) {
        break;
      }
      result.add(step);
    }
    return result;
  }

  private static Packed write(StartPack pack, List<Layer> layers, Path file)
      throws IOException, InterruptedException {
    Bytes head = pack.toBytes();
    var places = new HashMap<PrefetchPlan.Step, Long>();
    long at = head.sizeBytes();
    for (PrefetchPlan.Step step : pack.steps()) {
      places.put(step, at);
      at += layers.get(step.layer()).index().storedBytes(step.range());
    }
    try (var out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      Channels.write(out, 0, head.asByteBuffer());
      // fetched as neighbours, so by few requests, and written where each belongs
      List<StreamIndex> indexes = layers.stream().map(Layer::index).toList();
      PrefetchPlan.Wanted packed =
          (layer, chunk) -> places.containsKey(new PrefetchPlan.Step(layer, one(chunk)));
      byte[] plain = new byte[VerityTree.CHUNK_BYTES];
      for (PrefetchPlan.Step step : PrefetchPlan.of(pack.trace(), indexes, packed).steps()) {
        write(out, step, layers.get(step.layer()), places, plain);
      }
    }
    var blob = new StoredBlob(file, Sha256.of(file), Files.size(file));
    return new Packed(blob, head.sizeBytes());
  }

  private static ChunkRange one(int chunk) {
    return new ChunkRange(chunk, 1);
  }

  private static void write(
      FileChannel out,
      PrefetchPlan.Step step,
      Layer layer,
      Map<PrefetchPlan.Step, Long> places,
      byte[] plain)
      throws IOException, InterruptedException {
    List<ByteBuffer> chunks = layer.source().fetch(step.range());
    for (int i = 0; i < chunks.size(); i++) {
      int chunk = step.range().first() + i;
      Long place = places.get(new PrefetchPlan.Step(step.layer(), one(chunk)));
      if (place != null) { // else it lies between two that are needed
        StoredChunk.open(layer.index(), chunk, chunks.get(i), plain); // none is packed unproved
        Channels.write(out, place, chunks.get(i).duplicate());
      }
    }
  }
}
