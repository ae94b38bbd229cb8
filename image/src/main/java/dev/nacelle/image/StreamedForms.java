package dev.nacelle.image;

import dev.nacelle.image.registry.Manifest;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.ImageOpening;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.TraceReplay;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The streaming forms of an image's layers, by diff id, and what is known of its starts.
 *
 * @param opening what the registry has; goes on arriving until it is closed
 * @param lacking why there are none, for people; empty where there are some
 */
record StreamedForms(
    Map<String, StreamedLayer> layers, Optional<ImageOpening> opening, String lacking)
    implements AutoCloseable {
  private static final AccessTrace UNKNOWN = new AccessTrace(List.of(), List.of());

  StreamedForms {
    layers = Map.copyOf(layers);
  }

  static StreamedForms none(String why) {
    return new StreamedForms(Map.of(), Optional.empty(), why);
  }

  /**
   * Asks the image's repository. A registry that cannot answer has none.
   *
   * @param name of the repository in full
   * @param digest of the image's own manifest
   * @param chunks of a start: whether they shall come along where no host near by has them
   */
  static StreamedForms find(
      Repository repository,
      String name,
      Optional<Credential> credential,
      String digest,
      ImageOpening.Chunks chunks)
      throws InterruptedException {
    try {
      // a host near by that has the image's manifest has had the image: its chunks are near, too
      boolean near = repository.near(digest, Manifest.MAX_BYTES).isPresent();
      Optional<ImageOpening> opening =
          ImageOpening.open(repository, digest, near ? ImageOpening.Chunks.ON_DEMAND : chunks);
      return opening.isEmpty()
          ? none("it has no streaming form")
          : of(opening.get(), name, credential);
    } catch (ImageException | IOException e) {
      return none("its streaming form cannot be used: " + e.getMessage());
    }
  }

  private static StreamedForms of(
      ImageOpening opening, String name, Optional<Credential> credential) {
    var layers = new HashMap<String, StreamedLayer>();
    for (ImageOpening.Layer layer : opening.layers()) {
      layers.put(
          layer.index().diffId(),
          new StreamedLayer(
              layer.index(),
              layer.metadata()::open,
              new LayerOrigin(name, layer.chunks(), credential),
              registry -> opening.source(layer, registry)));
    }
    return new StreamedForms(layers, Optional.of(opening), "");
  }

  /** What a start needs; without accesses if nobody has written it down. */
  AccessTrace trace() {
    return opening.map(ImageOpening::trace).orElse(UNKNOWN);
  }

  /** Begins to fetch what a trace says, ahead of the readers. */
  TraceReplay replay(AccessTrace trace, List<LazyLayer> layers) {
    return opening
        .map(o -> o.replay(trace, layers))
        .orElseGet(() -> TraceReplay.start(trace, layers));
  }

  @Override
  public void close() {
    opening.ifPresent(ImageOpening::close);
  }
}
