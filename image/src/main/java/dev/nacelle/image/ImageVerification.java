package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Reads an image on this disk again and compares it with what was recorded when it came. */
public final class ImageVerification {
  private final LocalImageStore store;

  public ImageVerification(LocalImageStore store) {
    this.store = store;
  }

  /**
   * What was found.
   *
   * @param layers that were read
   * @param differences each names a layer and a place in it, or another file; empty: all is as it
   *     came
   */
  public record Findings(int layers, long bytes, List<String> differences) {
    public Findings {
      differences = List.copyOf(differences);
    }
  }

  /**
   * Reads all that is here of an image. Chunks that have not come yet are not fetched.
   *
   * @throws ImageException with {@link ImageFault#NOT_FOUND} if it is not here
   */
  public Findings verify(ImageReference reference, LayerProgress progress)
      throws InterruptedException {
    StoredImage image = ImageInspection.find(store, "verify", reference);
    LocalParts parts = store.parts();
    var differences = new ArrayList<String>();
    long bytes = 0;
    var layers = new LinkedHashSet<>(image.layers());
    try (Pins.Pin pin = parts.pin(image)) {
      blob(parts, "the configuration", image.id(), differences);
      for (String manifest : image.manifests()) {
        blob(parts, "the manifest", manifest, differences);
      }
      for (StoredLayer layer : layers) {
        long total = layer.built().dataBytes();
        bytes += layer.built().sizeBytes();
        String diffId = layer.built().diffId();
        parts
            .atRest()
            .differences(
                layer, done -> progress.at(LayerProgress.Phase.VERIFY, diffId, done, total))
            .forEach(difference -> differences.add("layer " + diffId + ": " + difference));
      }
    } catch (IOException e) {
      throw Faults.of("verify image " + reference, e);
    }
    return new Findings(layers.size(), bytes, differences);
  }

  private static void blob(LocalParts parts, String what, String digest, List<String> differences)
      throws IOException {
    Path file = parts.layout().blob(digest);
    try {
      if (!Sha256.of(Bytes.wrap(Files.readAllBytes(file))).equals(digest)) {
        differences.add(what + " " + digest);
      }
    } catch (NoSuchFileException e) {
      differences.add(what + " " + digest + ": it is missing");
    }
  }
}
