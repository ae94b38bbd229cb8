package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.peer.PeerShelf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What this store has for the peers of its host. Safe for any thread. */
final class SharedLayers implements PeerShelf {
  private final StoreLayout layout;
  private final LayerStore layers;

  /** Digests of the indexes of the layers that are here, by the layers' keys. */
  private final Map<String, String> indexes = new ConcurrentHashMap<>();

  SharedLayers(StoreLayout layout, LayerStore layers) {
    this.layout = layout;
    this.layers = layers;
  }

  @Override
  public Optional<Path> data(String key) {
    boolean partial = Files.exists(layout.layer(key).resolve(LazyLayers.ORIGIN));
    return partial ? Optional.empty() : file(key, LayerStore.DATA);
  }

  @Override
  public Optional<Path> metadata(String key) {
    return file(key, LayerStore.METADATA);
  }

  /** Of layers that have an index alone: others are not what their key says to a peer. */
  private Optional<Path> file(String key, String name) {
    Path directory = layout.layer(key);
    return Files.exists(directory.resolve(LazyLayers.INDEX))
        ? Optional.of(directory.resolve(name)).filter(Files::exists)
        : Optional.empty();
  }

  @Override
  public Optional<Bytes> content(String digest) throws IOException {
    Optional<Bytes> blob = read(layout.blob(digest));
    return blob.isPresent() ? blob : index(digest);
  }

  private Optional<Bytes> index(String digest) throws IOException {
    var keys = layers.keys();
    indexes.keySet().retainAll(keys);
    for (String key : keys) {
      Path file = layout.layer(key).resolve(LazyLayers.INDEX);
      String known = indexes.get(key);
      if (known != null && !known.equals(digest)) {
        continue;
      }
      Optional<Bytes> bytes = read(file);
      if (bytes.isPresent()) {
        String its = Sha256.of(bytes.get());
        indexes.put(key, its);
        if (its.equals(digest)) {
          return bytes;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Bytes> read(Path file) throws IOException {
    try {
      return Optional.of(Bytes.wrap(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
