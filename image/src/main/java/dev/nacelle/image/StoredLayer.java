package dev.nacelle.image;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.layer.BuiltLayer;
import dev.nacelle.image.layer.LayerBuilder;

/** A layer on this disk, as its {@code layer.json} describes it. */
record StoredLayer(String key, BuiltLayer built) {

  /** Layers of another format version get another key, so both may exist side by side. */
  static String key(String diffId) {
    return StoreLayout.hex(diffId) + "-" + LayerBuilder.FORMAT_VERSION;
  }

  static StoredLayer of(BuiltLayer built) {
    return new StoredLayer(key(built.diffId()), built);
  }

  static StoredLayer of(JsonObject json) {
    return of(
        new BuiltLayer(
            json.string("diffId").orElseThrow(),
            json.string("dataDigest").orElseThrow(),
            json.integer("metadataBytes").orElseThrow(),
            json.integer("dataBytes").orElseThrow()));
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("diffId", built.diffId())
        .put("dataDigest", built.dataDigest())
        .put("metadataBytes", built.metadataBytes())
        .put("dataBytes", built.dataBytes())
        .build();
  }

  ImageLayer toImageLayer() {
    return new ImageLayer(built.diffId(), key, built.sizeBytes());
  }
}
