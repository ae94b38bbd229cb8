package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.stream.StreamIndex;
import java.util.HexFormat;
import java.util.Optional;

/** The dm-verity root hashes of a layer's two files, 32 bytes each; the salt is its diff id. */
record LayerRoots(Bytes data, Bytes metadata) {
  private static final int HASH_BYTES = 32;

  LayerRoots {
    if (data.sizeBytes() != HASH_BYTES || metadata.sizeBytes() != HASH_BYTES) {
      throw new IllegalArgumentException("a root hash is not of 32 bytes");
    }
  }

  static LayerRoots of(StreamIndex index) {
    return new LayerRoots(index.root(), index.metadata().root());
  }

  /** Those in the description of a layer. */
  static Optional<LayerRoots> of(JsonObject json) {
    return json.string("dataRoot")
        .flatMap(
            data ->
                json.string("metadataRoot").map(meta -> new LayerRoots(parse(data), parse(meta))));
  }

  private static Bytes parse(String hex) {
    return Bytes.wrap(HexFormat.of().parseHex(hex));
  }

  String dataHex() {
    return HexFormat.of().formatHex(data.toByteArray());
  }

  String metadataHex() {
    return HexFormat.of().formatHex(metadata.toByteArray());
  }
}
