package dev.nacelle.image;

import dev.nacelle.image.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The parts of the image store that the verbs on images work with. */
record LocalParts(
    StoreLayout layout,
    RegistryClient registries,
    Pins pins,
    LayerStore layers,
    RootMounts roots,
    LayersAtRest atRest,
    StartTraces starts)
    implements LocalLayers {
  /** Beside a layer that came in its streaming form: its index. */
  static final String STREAM_INDEX = LazyLayers.INDEX;

  /** Beside a layer that is not whole yet: where its chunks come from. */
  static final String STREAM_ORIGIN = LazyLayers.ORIGIN;

  Path directory(StoredLayer layer) {
    return layout.layer(layer.key());
  }

  /** Whether all of a layer's data is on the disk. */
  boolean isWhole(StoredLayer layer) {
    return !Files.exists(directory(layer).resolve(STREAM_ORIGIN));
  }

  /** Keeps an image with all that belongs to it while something is made of it. */
  Pins.Pin pin(StoredImage image) {
    return pins.pin(image);
  }

  @Override
  public Optional<Held> hold(String diffId) throws IOException {
    Pins.Pin pin = pins.pin(List.of(StoredLayer.key(diffId)));
    boolean held = false;
    try {
      Optional<StoredLayer> layer =
          layers.find(diffId).filter(l -> l.built().diffId().equals(diffId)).filter(this::isWhole);
      if (layer.isEmpty() || !new LayerCheck(directory(layer.get()), layer.get()).isSound()) {
        return Optional.empty(); // a form is not made of what a disk has damaged
      }
      held = true;
      Path directory = directory(layer.get());
      return Optional.of(
          new Held(
              directory.resolve(LayerStore.METADATA), directory.resolve(LayerStore.DATA), pin));
    } finally {
      if (!held) {
        pin.close();
      }
    }
  }
}
