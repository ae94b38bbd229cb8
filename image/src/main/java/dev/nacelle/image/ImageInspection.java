package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.kernel.lazy.PresenceMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;

/** Tells all that is known here of an image. Asks no registry. */
public final class ImageInspection {
  private final LocalImageStore store;

  public ImageInspection(LocalImageStore store) {
    this.store = store;
  }

  static StoredImage find(LocalImageStore store, String verb, ImageReference reference) {
    return store
        .stored(reference)
        .orElseThrow(
            () ->
                new ImageException(
                    ImageFault.NOT_FOUND,
                    "cannot "
                        + verb
                        + " image "
                        + reference
                        + ": it is not here; try image list, or image pull"));
  }

  /**
   * Names, digests, configuration and layers of an image.
   *
   * @throws ImageException with {@link ImageFault#NOT_FOUND} if it is not here
   */
  public JsonObject inspect(ImageReference reference) throws InterruptedException {
    StoredImage image = find(store, "inspect", reference);
    LocalParts parts = store.parts();
    try (Pins.Pin pin = parts.pin(image)) {
      var layers = new ArrayList<Json>();
      for (StoredLayer layer : image.layers()) {
        layers.add(layer(parts, layer));
      }
      Bytes config = Bytes.wrap(Files.readAllBytes(parts.layout().blob(image.id())));
      boolean whole = image.layers().stream().allMatch(parts::isWhole);
      return JsonObject.builder()
          .put("id", image.id())
          .put("names", JsonArray.ofStrings(image.names()))
          .put("repoDigests", JsonArray.ofStrings(image.repoDigests()))
          .put("manifests", JsonArray.ofStrings(image.manifests()))
          .put("platform", image.config().platform().toString())
          .put("sizeBytes", image.sizeBytes())
          .put("lastUsed", image.lastUsed().toString())
          .put("state", whole ? "whole" : "partial")
          .put("layers", new JsonArray(layers))
          .put("config", ImageAssembly.config(config))
          .build();
    } catch (IOException e) {
      throw Faults.of("inspect image " + reference, e);
    }
  }

  /** How many bytes of an image's data are on this disk; what images share counts for each. */
  public long presentBytes(ResolvedImage image) {
    LocalParts parts = store.parts();
    long present = 0;
    try {
      for (ImageLayer layer : image.layers()) {
        Path directory = parts.layout().layer(layer.key());
        if (Files.exists(directory.resolve(LocalParts.STREAM_ORIGIN))) {
          StreamIndex index = index(directory.resolve(LocalParts.STREAM_INDEX));
          present += index.metadata().sizeBytes() + presentBytes(directory, index);
        } else {
          present += layer.sizeBytes();
        }
      }
      return present;
    } catch (IOException e) {
      throw Faults.of(e, "look at image " + image.id());
    }
  }

  private static JsonObject layer(LocalParts parts, StoredLayer layer) throws IOException {
    var json =
        JsonObject.builder()
            .put("diffId", layer.built().diffId())
            .put("key", layer.key())
            .put("dataDigest", layer.built().dataDigest())
            .put("metadataBytes", layer.built().metadataBytes())
            .put("dataBytes", layer.built().dataBytes());
    Path directory = parts.directory(layer);
    Path indexFile = directory.resolve(LocalParts.STREAM_INDEX);
    boolean whole = parts.isWhole(layer);
    json.put("state", whole ? "whole" : "partial");
    if (Files.exists(indexFile)) {
      StreamIndex index = index(indexFile);
      json.put("presentBytes", whole ? index.dataBytes() : presentBytes(directory, index));
      json.put("stream", stream(index));
    } else {
      json.put("presentBytes", layer.built().dataBytes());
    }
    return json.build();
  }

  private static StreamIndex index(Path file) throws StreamFormatException, IOException {
    return StreamIndex.parse(Bytes.wrap(Files.readAllBytes(file)));
  }

  private static long presentBytes(Path directory, StreamIndex index) throws IOException {
    int size = dev.nacelle.image.layer.LayerSums.CHUNK_BYTES;
    var map = PresenceMap.open(new LazyLayerFiles(directory).map(), index.dataBytes(), size);
    long present = 0;
    for (int n = 0; n < index.chunks(); n++) {
      present += map.has(n) ? index.chunkBytes(n) : 0;
    }
    return present;
  }

  /** The streaming form that the layer came in. */
  private static JsonObject stream(StreamIndex index) {
    return JsonObject.builder()
        .put("chunks", index.chunks())
        .put("storedBytes", index.storedBytes() + index.metadata().storedBytes())
        .put("rootHash", HexFormat.of().formatHex(index.root().toByteArray()))
        .put("metadataRootHash", HexFormat.of().formatHex(index.metadata().root().toByteArray()))
        .build();
  }
}
