package dev.nacelle.image;

import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.io.InputStream;

/**
 * The streaming form of a layer, as a registry offers it to one pull.
 *
 * @param metadata opens the compressed metadata image
 * @param origin where its chunks are
 */
record StreamedLayer(StreamIndex index, Metadata metadata, LayerOrigin origin) {

  /** Opens a stream that is verified at its end. */
  @FunctionalInterface
  interface Metadata {
    InputStream open() throws IOException, InterruptedException;
  }
}
