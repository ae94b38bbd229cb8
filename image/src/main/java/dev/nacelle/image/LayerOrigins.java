package dev.nacelle.image;

import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import dev.nacelle.image.stream.ChunkSources;
import dev.nacelle.image.stream.RegistryChunkSource;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registries that a layer is filled from. Each pull of the layer brings its own, with the
 * credential that was good there: it is asked first from then on, the earlier ones when it fails.
 * Safe for any thread.
 */
final class LayerOrigins implements ChunkSources {
  private static final Logger LOG = LoggerFactory.getLogger(LayerOrigins.class);

  private record Origin(LayerOrigin from, ChunkSource source) {}

  private final StreamIndex index;
  private final RegistryClient registries;
  private volatile List<Origin> all;

  /**
   * @param kept the newest first
   */
  LayerOrigins(StreamIndex index, List<LayerOrigin> kept, RegistryClient registries)
      throws IOException {
    this.index = index;
    this.registries = registries;
    var opened = new ArrayList<Origin>();
    for (LayerOrigin origin : kept) {
      try {
        opened.add(new Origin(origin, source(origin)));
      } catch (StreamFormatException e) {
        LOG.warn("layer {} is not filled from {}", index.diffId(), origin.repository(), e);
      }
    }
    this.all = List.copyOf(opened);
  }

  private ChunkSource source(LayerOrigin origin) throws IOException {
    return new RegistryChunkSource(
        index, origin.open(registries), origin.chunks(), origin.repository());
  }

  /**
   * Asks this registry first from now on.
   *
   * @param arriving see {@link StreamedLayer#arriving}
   * @throws StreamFormatException if its chunks are others
   */
  synchronized void use(LayerOrigin newer, UnaryOperator<ChunkSource> arriving) throws IOException {
    var next = new ArrayList<Origin>();
    next.add(new Origin(newer, arriving.apply(source(newer))));
    List<LayerOrigin> kept = newer.before(all.stream().map(Origin::from).toList());
    all.stream().filter(origin -> kept.contains(origin.from())).forEach(next::add);
    all = List.copyOf(next);
  }

  /** Whether a repository is asked with this credential already. */
  boolean knows(String repository, Optional<Credential> credential) {
    return all.stream()
        .map(Origin::from)
        .anyMatch(o -> o.repository().equals(repository) && o.credential().equals(credential));
  }

  @Override
  public List<ChunkSource> of(ChunkRange range) {
    return all.stream().map(Origin::source).toList();
  }
}
