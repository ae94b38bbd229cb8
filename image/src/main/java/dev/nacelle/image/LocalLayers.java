package dev.nacelle.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Layers that are whole on this disk, for whoever makes something of their files. */
@FunctionalInterface
interface LocalLayers {
  LocalLayers NONE = diffId -> Optional.empty();

  /** The files of a layer, which stay until it is closed. */
  record Held(Path metadata, Path data, Pins.Pin pin) implements AutoCloseable {
    @Override
    public void close() {
      pin.close();
    }
  }

  /** Empty where the layer is not here, not whole, or not what its record says. */
  Optional<Held> hold(String diffId) throws IOException;
}
