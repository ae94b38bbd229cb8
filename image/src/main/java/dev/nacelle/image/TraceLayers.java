package dev.nacelle.image;

import dev.nacelle.base.files.Trees;
import dev.nacelle.image.layer.DataOwners;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.MetadataBlob;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.image.stream.VerityTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The layers that a trace speaks of: their indexes, and which files their data is. Both are read
 * from this disk where they are here, else from the registry. For one thread.
 */
final class TraceLayers {
  /** Names of files that a report has in all. */
  private static final int MOST_FILES = 100_000;

  private final LocalParts parts;
  private final LayerProgress progress;

  /** The indexes that are known, in the order of the image. */
  private final Map<AccessTrace.Layer, StreamIndex> indexes = new LinkedHashMap<>();

  private final Map<AccessTrace.Layer, StreamReferrer.Layer> remote = new HashMap<>();
  private Optional<Repository> repository = Optional.empty();
  private int files;

  TraceLayers(LocalParts parts, LayerProgress progress) {
    this.parts = parts;
    this.progress = progress;
  }

  /** Learns of the layers of a form that is beside the image. */
  void learn(Repository from, StreamReferrer form) throws IOException, InterruptedException {
    repository = Optional.of(from);
    for (StreamReferrer.Layer layer : form.layers()) {
      StreamIndex index = StreamReferrer.fetchIndex(from, layer);
      indexes.put(AccessTrace.Layer.of(index), index);
      remote.put(AccessTrace.Layer.of(index), layer);
    }
  }

  /** Learns of the layers that are here in their streaming form. */
  void learn(StoredImage image) throws IOException {
    for (StoredLayer layer : image.layers()) {
      Path directory = parts.directory(layer);
      if (Files.exists(directory.resolve(LocalParts.STREAM_INDEX))) {
        StreamIndex index = LazyLayers.readIndex(directory);
        indexes.put(AccessTrace.Layer.of(index), index);
      }
    }
  }

  /** How much all known layers are. */
  TraceReport.Size whole() {
    return indexes.values().stream()
        .map(TraceLayers::whole)
        .reduce(TraceReport.Size.NONE, TraceReport.Size::and);
  }

  private static TraceReport.Size whole(StreamIndex index) {
    return new TraceReport.Size(index.chunks(), index.dataBytes(), index.storedBytes());
  }

  /** What the trace needs, layer by layer. */
  List<TraceReport.Layer> describe(AccessTrace trace) throws IOException, InterruptedException {
    var layers = new ArrayList<TraceReport.Layer>();
    for (int number = 0; number < trace.layers().size(); number++) {
      AccessTrace.Layer layer = trace.layers().get(number);
      int n = number;
      List<AccessTrace.Access> accesses =
          trace.accesses().stream().filter(a -> a.layer() == n).toList();
      Optional<StreamIndex> index = Optional.ofNullable(indexes.get(layer));
      Optional<DataOwners> owners = index.isEmpty() ? Optional.empty() : owners(layer, index.get());
      var extents = new ArrayList<TraceReport.Extent>();
      for (List<AccessTrace.Access> run : runs(accesses)) {
        extents.add(extent(run, index, owners));
      }
      layers.add(
          new TraceReport.Layer(
              layer.diffId(),
              HexFormat.of().formatHex(layer.root().toByteArray()),
              index.map(TraceLayers::whole),
              extents.stream()
                  .map(TraceReport.Extent::size)
                  .reduce(TraceReport.Size.NONE, TraceReport.Size::and),
              extents));
    }
    return layers;
  }

  /** Neighbours that were needed one after the other. */
  private static List<List<AccessTrace.Access>> runs(List<AccessTrace.Access> accesses) {
    var runs = new ArrayList<List<AccessTrace.Access>>();
    for (AccessTrace.Access access : accesses) {
      if (!runs.isEmpty() && runs.getLast().getLast().chunk() + 1 == access.chunk()) {
        runs.getLast().add(access);
      } else {
        runs.add(new ArrayList<>(List.of(access)));
      }
    }
    return runs;
  }

  private TraceReport.Extent extent(
      List<AccessTrace.Access> run, Optional<StreamIndex> index, Optional<DataOwners> owners) {
    int first = run.getFirst().chunk();
    long offset = (long) first * VerityTree.CHUNK_BYTES;
    long bytes = (long) run.size() * VerityTree.CHUNK_BYTES;
    long stored = bytes;
    if (index.filter(i -> first + run.size() <= i.chunks()).isPresent()) {
      bytes = Math.min(bytes, index.get().dataBytes() - offset);
      stored = index.get().storedBytes(new ChunkRange(first, run.size()));
    }
    List<DataOwners.Owned> found = owners.isEmpty() ? List.of() : owners.get().in(offset, bytes);
    List<String> names =
        found.stream().map(o -> shown(o.path())).distinct().limit(MOST_FILES - files).toList();
    files += names.size();
    int all = (int) found.stream().map(DataOwners.Owned::path).distinct().count();
    return new TraceReport.Extent(
        first,
        offset,
        new TraceReport.Size(run.size(), bytes, stored),
        Duration.ofNanos(1000 * run.getFirst().micros()),
        names,
        all - names.size());
  }

  /** Names come from whoever made the image, and go to a terminal. */
  private static String shown(String path) {
    return path.replaceAll("\\p{Cntrl}", "?");
  }

  private Optional<DataOwners> owners(AccessTrace.Layer layer, StreamIndex index)
      throws IOException, InterruptedException {
    String key = StoredLayer.of(index).key();
    try (Pins.Pin pin = parts.pins().pin(List.of(key))) {
      Path here = parts.layout().layer(key).resolve(LayerStore.METADATA);
      if (Files.exists(here)) {
        return Optional.of(DataOwners.read(here));
      }
    }
    StreamReferrer.Layer form = remote.get(layer);
    return form == null || repository.isEmpty()
        ? Optional.empty()
        : Optional.of(fetched(repository.get(), form, index));
  }

  private DataOwners fetched(Repository from, StreamReferrer.Layer form, StreamIndex index)
      throws IOException, InterruptedException {
    long size = form.metadata().sizeBytes();
    Path directory = Files.createTempDirectory(parts.layout().temporary(), "trace-");
    try {
      Path metadata = directory.resolve(LayerStore.METADATA);
      try (InputStream in =
          new CountedStream(
              from.blob(form.metadata()),
              done -> progress.at(LayerProgress.Phase.PULL, form.diffId(), done, size))) {
        MetadataBlob.unpack(index, in, metadata);
      }
      progress.at(LayerProgress.Phase.PULL, form.diffId(), size, size);
      return DataOwners.read(metadata);
    } finally {
      Trees.delete(directory);
    }
  }
}
