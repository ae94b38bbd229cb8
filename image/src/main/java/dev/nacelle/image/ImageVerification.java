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
import java.util.concurrent.atomic.AtomicLong;

/** Reads an image on this disk again and compares it with what was recorded when it came. */
public final class ImageVerification {
  private final LocalImageStore store;

  public ImageVerification(LocalImageStore store) {
    this.store = store;
  }

  /** Hears how the reading goes on; must return at once. */
  @FunctionalInterface
  public interface Progress {
    Progress SILENT = (diffId, doneBytes, hereBytes, layerBytes) -> {};

    /**
     * @param doneBytes of the layer's data that were read
     * @param hereBytes that are to be read: what is here
     * @param layerBytes of all its data
     */
    void read(String diffId, long doneBytes, long hereBytes, long layerBytes);
  }

  /**
   * What was found.
   *
   * @param layers that were read
   * @param readBytes of them that were here, and were read
   * @param bytes of them, also those that are not here
   * @param differences each names a layer and a place in it, or another file; empty: all is as it
   *     came
   */
  public record Findings(int layers, long readBytes, long bytes, List<String> differences) {
    public Findings {
      differences = List.copyOf(differences);
    }
  }

  /**
   * Reads all that is here of an image. Chunks that have not come yet are not fetched.
   *
   * @throws ImageException with {@link ImageFault#NOT_FOUND} if it is not here
   */
  public Findings verify(ImageReference reference, Progress progress) throws InterruptedException {
    StoredImage image = ImageInspection.find(store, "verify", reference);
    LocalParts parts = store.parts();
    var differences = new ArrayList<String>();
    long bytes = 0;
    long readBytes = 0;
    var layers = new LinkedHashSet<>(image.layers());
    try (Pins.Pin pin = parts.pin(image)) {
      blob(parts, "the configuration", image.id(), differences);
      for (String manifest : image.manifests()) {
        blob(parts, "the manifest", manifest, differences);
      }
      for (StoredLayer layer : layers) {
        bytes += layer.built().sizeBytes();
        readBytes += layer(parts, layer, progress, differences);
      }
    } catch (IOException e) {
      throw Faults.of("verify image " + reference, e);
    }
    return new Findings(layers.size(), readBytes, bytes, differences);
  }

  /** Reads a layer; how many bytes that were. */
  private static long layer(
      LocalParts parts, StoredLayer layer, Progress progress, List<String> differences)
      throws IOException {
    String diffId = layer.built().diffId();
    String named = "layer " + diffId + ": ";
    if (!parts.layers().isDescribed(layer)) {
      differences.add(named + LayerStore.DESCRIPTION + " (it is missing, or of another layer)");
    }
    long total = layer.built().dataBytes();
    long here = new LayerCheck(parts.directory(layer), layer).presentBytes();
    var read = new AtomicLong();
    List<String> found =
        parts
            .atRest()
            .differences(
                layer,
                done -> {
                  read.set(done);
                  progress.read(diffId, done, Math.max(here, done), total);
                });
    found.forEach(difference -> differences.add(named + difference));
    return read.get() + layer.built().metadataBytes();
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
