package dev.nacelle.image;

import dev.nacelle.image.stream.ChunkSource;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.UnaryOperator;

/**
 * The streaming form of a layer, as a registry offers it to one pull.
 *
 * @param metadata opens the compressed metadata image
 * @param origin where its chunks are
 * @param arriving makes of the origin a source that knows what is on its way already
 */
record StreamedLayer(
    StreamIndex index, Metadata metadata, LayerOrigin origin, UnaryOperator<ChunkSource> arriving) {

  /** Opens a stream that is verified at its end. */
  @FunctionalInterface
  interface Metadata {
    InputStream open() throws IOException, InterruptedException;
  }
}
