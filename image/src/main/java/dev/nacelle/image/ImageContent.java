package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import java.util.List;

/**
 * An image on its way in, from a registry or an archive.
 *
 * @param config its bytes have the digest they were asked for by
 * @param manifests those that led here, top first; empty where the archive has none
 * @param layers bottom first, as many as the configuration has diff ids
 * @param streamed another form of some of them, which need not come whole
 */
record ImageContent(
    Bytes config, List<Bytes> manifests, List<Layer> layers, StreamedForms streamed) {
  /**
   * @param sizeBytes of what {@code input} gives
   */
  record Layer(long sizeBytes, LayerStore.Input input) {}

  /** An image of which nothing is known but its layers. */
  ImageContent(Bytes config, List<Bytes> manifests, List<Layer> layers) {
    this(config, manifests, layers, StreamedForms.none("it was imported"));
  }

  ImageContent {
    manifests = List.copyOf(manifests);
    layers = List.copyOf(layers);
  }
}
