package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.AtomicFiles;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.TaskResults;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Brings an image in: its layers side by side, then its configuration and manifests. Safe for any
 * thread.
 */
final class ImageAssembly {
  private static final int STARTS_SHARE = 10;

  /** When configuration and manifests are on the disk. */
  enum Durability {
    /** Before the answer, like the layers that are whole. */
    AT_ONCE,
    /** When {@link ImageIndex#write} says that the image is here. */
    WITH_THE_INDEX
  }

  private final StoreLayout layout;
  private final LayerStore layers;
  private final LazyLayers lazy;
  private final Clock clock;

  ImageAssembly(StoreLayout layout, LayerStore layers, LazyLayers lazy, Clock clock) {
    this.layout = layout;
    this.layers = layers;
    this.lazy = lazy;
    this.clock = clock;
  }

  /** The names that must be pinned while this content comes in. */
  static Set<String> pinNames(ImageContent content) {
    var names = new HashSet<String>();
    names.add(StoreLayout.hex(Sha256.of(content.config())));
    content.manifests().forEach(m -> names.add(StoreLayout.hex(Sha256.of(m))));
    diffIds(config(content.config())).forEach(d -> names.add(StoredLayer.key(d)));
    content.streamed().layers().values().forEach(l -> names.add(StoredLayer.of(l.index()).key()));
    return names;
  }

  /**
   * What is known of the room that this content will take. Of what is filled as it is read a start
   * seldom needs more than a tenth.
   */
  long neededBytes(ImageContent content, LazyReading reading) {
    List<String> diffIds = diffIds(config(content.config()));
    long needed = 0;
    for (int i = 0; i < Math.min(diffIds.size(), content.layers().size()); i++) {
      StreamedLayer form = content.streamed().layers().get(diffIds.get(i));
      if (layers.find(diffIds.get(i)).isPresent()) {
        continue;
      }
      if (form == null) {
        needed += content.layers().get(i).sizeBytes();
      } else if (layers.findKey(StoredLayer.of(form.index()).key()).isEmpty()) {
        long data = form.index().dataBytes();
        needed += form.index().metadata().sizeBytes();
        needed += reading instanceof LazyReading.Available ? data / STARTS_SHARE : data;
      }
    }
    return needed;
  }

  StoredImage assemble(
      ImageContent content,
      List<String> names,
      List<String> repoDigests,
      Platform host,
      Durability durability)
      throws InterruptedException {
    JsonObject json = config(content.config());
    ImageConfig config = ImageConfig.of(json);
    checkPlatform(config.platform(), host);
    List<String> diffIds = diffIds(json);
    if (diffIds.size() != content.layers().size()) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE,
          "cannot use image: its manifest has "
              + content.layers().size()
              + " layers, its configuration "
              + diffIds.size());
    }
    List<StoredLayer> stored = obtainAll(diffIds, content);
    List<String> manifests = new ArrayList<>();
    String id = writeBlob(content.config(), durability);
    for (Bytes manifest : content.manifests()) {
      manifests.add(writeBlob(manifest, durability));
    }
    return new StoredImage(id, names, repoDigests, manifests, config, stored, clock.instant());
  }

  private StoredLayer obtain(String diffId, ImageContent.Layer layer, StreamedForms streamed)
      throws InterruptedException {
    StreamedLayer form = streamed.layers().get(diffId);
    if (form == null || layers.find(diffId).isPresent()) {
      return layers.obtain(diffId, layer.sizeBytes(), layer.input());
    }
    return lazy.obtain(form);
  }

  private List<StoredLayer> obtainAll(List<String> diffIds, ImageContent content)
      throws InterruptedException {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      var completion = new ExecutorCompletionService<StoredLayer>(threads);
      var futures = new ArrayList<Future<StoredLayer>>();
      for (int i = 0; i < diffIds.size(); i++) {
        String diffId = diffIds.get(i);
        ImageContent.Layer layer = content.layers().get(i);
        Callable<StoredLayer> task = () -> obtain(diffId, layer, content.streamed());
        futures.add(completion.submit(task));
      }
      for (int i = 0; i < futures.size(); i++) {
        result(completion.take()); // the first failure ends the others
      }
      var result = new ArrayList<StoredLayer>();
      for (Future<StoredLayer> future : futures) {
        result.add(result(future));
      }
      return result;
    } finally {
      threads.shutdownNow();
      threads.close();
    }
  }

  private static StoredLayer result(Future<StoredLayer> future) throws InterruptedException {
    return TaskResults.of(future, "cannot obtain a layer", ImageException.class);
  }

  /** Writes a manifest or configuration; returns its digest. */
  private String writeBlob(Bytes content, Durability durability) {
    String digest = Sha256.of(content);
    try {
      if (!Files.exists(layout.blob(digest))) {
        switch (durability) {
          case AT_ONCE ->
              DurableFiles.writeAtomically(
                  layout.blob(digest), content, DurableFiles.Mode.OWNER, layout.temporary());
          case WITH_THE_INDEX ->
              AtomicFiles.replace(
                  layout.blob(digest), content, DurableFiles.Mode.OWNER, layout.temporary());
        }
      }
      return digest;
    } catch (IOException e) {
      throw Faults.of(e, "write blob " + digest);
    }
  }

  static JsonObject config(Bytes text) {
    try {
      return JsonReader.readObject(text);
    } catch (JsonSyntaxException e) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE, "cannot read image configuration: " + e.getMessage(), e);
    }
  }

  static List<String> diffIds(JsonObject config) {
    List<String> diffIds = config.array("rootfs", "diff_ids").strings().toList();
    for (String diffId : diffIds) {
      if (!diffId.matches("sha256:[0-9a-f]{64}")) {
        throw new ImageException(
            ImageFault.INVALID_IMAGE, "cannot use image: a diff id is not a sha256 digest");
      }
    }
    return diffIds;
  }

  private static void checkPlatform(Platform image, Platform host) {
    if (!image.os().equals(host.os()) || !image.architecture().equals(host.architecture())) {
      throw new ImageException(
          ImageFault.WRONG_PLATFORM,
          "cannot use image: it is made for " + image + ", not for " + host);
    }
  }
}
