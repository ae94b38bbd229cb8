package dev.nacelle.image;

import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.stream.StreamReferrer;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The streaming forms of an image's layers, by diff id.
 *
 * @param lacking why there are none, for people; empty where there are some
 */
record StreamedForms(Map<String, StreamedLayer> layers, String lacking) {
  StreamedForms {
    layers = Map.copyOf(layers);
  }

  static StreamedForms none(String why) {
    return new StreamedForms(Map.of(), why);
  }

  /**
   * Asks the image's repository. A registry that cannot answer has none.
   *
   * @param digest of the image's own manifest
   */
  static StreamedForms find(
      Repository repository, String name, Optional<Credential> credential, String digest)
      throws InterruptedException {
    try {
      Optional<StreamReferrer> referrer = StreamReferrer.find(repository, digest);
      return referrer.isEmpty()
          ? none("it has no streaming form")
          : new StreamedForms(open(repository, name, credential, referrer.get()), "");
    } catch (ImageException | IOException e) {
      return none("its streaming form cannot be used: " + e.getMessage());
    }
  }

  private static Map<String, StreamedLayer> open(
      Repository repository, String name, Optional<Credential> credential, StreamReferrer referrer)
      throws IOException, InterruptedException {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      var futures = new HashMap<StreamReferrer.Layer, Future<StreamedLayer>>();
      for (StreamReferrer.Layer layer : referrer.layers()) {
        var origin = new LayerOrigin(name, layer.chunks(), credential);
        futures.put(
            layer,
            threads.submit(
                () ->
                    new StreamedLayer(
                        StreamReferrer.fetchIndex(repository, layer),
                        () -> repository.blob(layer.metadata()),
                        origin)));
      }
      var found = new HashMap<String, StreamedLayer>();
      for (var entry : futures.entrySet()) {
        found.put(entry.getKey().diffId(), result(entry.getValue()));
      }
      return found;
    } finally {
      threads.shutdownNow();
      threads.close();
    }
  }

  private static StreamedLayer result(Future<StreamedLayer> future)
      throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case ImageException known -> throw known;
        case InterruptedException interrupted -> throw interrupted;
        case null, default -> throw new IllegalStateException("cannot read an index", e);
      }
    }
  }
}
