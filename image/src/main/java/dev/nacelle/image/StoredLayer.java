package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.layer.BuiltLayer;
import dev.nacelle.image.layer.LayerBuilder;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.StreamIndex;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A layer on this disk, as its {@code layer.json} describes it.
 *
 * @param roots of a layer that was built here for a kernel that proves what is read of it; the key
 *     of a layer in its streaming form stands for its own
 */
record StoredLayer(String key, BuiltLayer built, Optional<LayerRoots> roots) {

  /** Layers of another format version get another key, so both may exist side by side. */
  static String key(String diffId) {
    return StoreLayout.hex(diffId) + "-" + LayerBuilder.FORMAT_VERSION;
  }

  static StoredLayer of(BuiltLayer built) {
    return new StoredLayer(key(built.diffId()), built, Optional.empty());
  }

  /** The same layer, for a kernel that proves it. */
  StoredLayer with(LayerRoots its) {
    return new StoredLayer(key, built, Optional.of(its));
  }

  /** A layer in its streaming form: named by its root hashes, its data by the root hash too. */
  static StoredLayer of(StreamIndex index) {
    String data = HexFormat.of().formatHex(index.root().toByteArray());
    String metadata = HexFormat.of().formatHex(index.metadata().root().toByteArray());
    String both = Sha256.of(Bytes.utf8(index.diffId() + " " + data + " " + metadata));
    return new StoredLayer(
        StoreLayout.hex(both) + "-s" + StreamIndex.FORMAT_VERSION,
        new BuiltLayer(
            index.diffId(), "verity:" + data, index.metadata().sizeBytes(), index.dataBytes()),
        Optional.empty());
  }

  static StoredLayer of(JsonObject json) {
    var built =
        new BuiltLayer(
            json.string("diffId").orElseThrow(),
            json.string("dataDigest").orElseThrow(),
            json.integer("metadataBytes").orElseThrow(),
            json.integer("dataBytes").orElseThrow());
    return new StoredLayer(
        json.string("key").orElseGet(() -> key(built.diffId())), built, LayerRoots.of(json));
  }

  JsonObject toJson() {
    var json =
        JsonObject.builder()
            .put("key", key)
            .put("diffId", built.diffId())
            .put("dataDigest", built.dataDigest())
            .put("metadataBytes", built.metadataBytes())
            .put("dataBytes", built.dataBytes());
    roots.ifPresent(r -> json.put("dataRoot", r.dataHex()).put("metadataRoot", r.metadataHex()));
    return json.build();
  }

  ImageLayer toImageLayer() {
    return new ImageLayer(built.diffId(), key, built.sizeBytes());
  }
}
