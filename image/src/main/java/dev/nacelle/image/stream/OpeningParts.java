package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The streaming form and the trace of an image where no start pack has them in one piece: what does
 * not depend on one another is asked for at once.
 */
final class OpeningParts {
  private static final int REQUESTS = 32;

  private static final AccessTrace NO_TRACE = new AccessTrace(List.of(), List.of());

  record Parts(List<ImageOpening.Layer> layers, AccessTrace trace) {}

  private OpeningParts() {}

  /**
   * @param all referrers of the image
   * @param forms those of them that are streaming forms
   * @return empty if no form can be read
   */
  static Optional<Parts> fetch(
      Repository repository, String digest, List<Referrer> all, List<Referrer> forms)
      throws IOException, InterruptedException {
    ExecutorService requests =
        Executors.newFixedThreadPool(REQUESTS, Thread.ofVirtual().name("opening-", 0).factory());
    try {
      Future<Optional<AccessTrace>> trace =
          requests.submit(() -> TraceReferrer.newest(repository, digest, all));
      Optional<StreamReferrer> form = StreamReferrer.firstOf(repository, digest, forms);
      if (form.isEmpty()) {
        return Optional.empty();
      }
      var fetched = new ArrayList<Future<ImageOpening.Layer>>();
      var metadata = new ArrayList<Future<ImageOpening.MetadataStream>>();
      for (StreamReferrer.Layer layer : form.get().layers()) {
        metadata.add(requests.submit(() -> metadata(repository, layer.metadata())));
      }
      for (int i = 0; i < metadata.size(); i++) {
        StreamReferrer.Layer layer = form.get().layers().get(i);
        Future<ImageOpening.MetadataStream> stream = metadata.get(i);
        fetched.add(
            requests.submit(
                () -> {
                  StreamIndex index = StreamReferrer.fetchIndex(repository, layer);
                  return new ImageOpening.Layer(index, layer.chunks(), result(stream));
                }));
      }
      var layers = new ArrayList<ImageOpening.Layer>();
      for (Future<ImageOpening.Layer> layer : fetched) {
        layers.add(result(layer));
      }
      return Optional.of(new Parts(layers, result(trace).orElse(NO_TRACE)));
    } finally {
      requests.shutdownNow();
    }
  }

  private static ImageOpening.MetadataStream metadata(Repository repository, Descriptor blob)
      throws IOException, InterruptedException {
    if (blob.sizeBytes() > ImageOpening.MOST_METADATA_BYTES) {
      return () -> repository.blob(blob);
    }
    try (InputStream in = repository.blob(blob)) {
      Bytes bytes = Bytes.wrap(in.readAllBytes());
      return bytes::asInputStream;
    }
  }

  private static <T> T result(Future<T> future) throws IOException, InterruptedException {
    return TaskResults.of(future, "cannot open an image", IOException.class);
  }
}
