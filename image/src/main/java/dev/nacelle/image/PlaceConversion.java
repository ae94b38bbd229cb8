package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Manifest;
import dev.nacelle.image.stream.StreamConversion;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.image.stream.TaskResults;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Lays the streaming form of images beside them in their repository. A few layers are worked on at
 * once; each is on the disk only until its form is stored, and the form is found only once it is
 * whole: what is killed in the middle leaves blobs that nothing leads to. Safe for any thread.
 */
final class PlaceConversion {
  private static final int LAYERS_AT_ONCE = 2;
  private static final int MOST_PROCESSORS = 8;
  private static final int MOST_IMAGES = 64;
  private static final int MAX_INDEX_DEPTH = 4;

  private final LayerConversion layers;
  private final FirstPack packs;

  PlaceConversion(Path temporary, LocalLayers local) {
    var forms =
        new StreamConversion(Math.min(MOST_PROCESSORS, Runtime.getRuntime().availableProcessors()));
    this.layers = new LayerConversion(forms, temporary, local);
    this.packs = new FirstPack(temporary);
  }

  /**
   * Converts what a manifest names.
   *
   * @param top an image's manifest or an index
   */
  List<ImageConversion.Converted> convert(
      StreamPlace place, Bytes top, ImageConversion.Platforms platforms, LayerProgress progress)
      throws InterruptedException {
    try {
      var images = new LinkedHashSet<Bytes>();
      collect(place, top, platforms, 0, images);
      var converted = new ArrayList<ImageConversion.Converted>();
      for (Bytes image : images) {
        converted.add(convertImage(place, image, progress));
      }
      return converted;
    } catch (IOException e) {
      throw Faults.of("convert image", e);
    }
  }

  private static void collect(
      StreamPlace place,
      Bytes manifest,
      ImageConversion.Platforms platforms,
      int depth,
      LinkedHashSet<Bytes> found)
      throws IOException, InterruptedException {
    if (depth > MAX_INDEX_DEPTH || found.size() > MOST_IMAGES) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE,
          "cannot convert image: its indexes are nested too deep or have more than "
              + MOST_IMAGES
              + " images");
    }
    switch (Manifest.parse(manifest)) {
      case Manifest.Image image -> found.add(manifest);
      case Manifest.Index index -> {
        for (Descriptor chosen : chosen(index, platforms)) {
          collect(place, place.manifest(chosen.digest()), platforms, depth + 1, found);
        }
      }
    }
  }

  private static List<Descriptor> chosen(
      Manifest.Index index, ImageConversion.Platforms platforms) {
    return switch (platforms) {
      case HOST ->
          List.of(
              index
                  .choose(Platform.host())
                  .orElseThrow(
                      () ->
                          new ImageException(
                              ImageFault.WRONG_PLATFORM,
                              "cannot convert image: it has none for "
                                  + Platform.host()
                                  + "; try --all-platforms")));
      // attestations and the like are for the platform unknown/unknown
      case ALL ->
          index.manifests().stream()
              .filter(m -> m.platform().map(Platform::os).filter("unknown"::equals).isEmpty())
              .toList();
    };
  }

  private ImageConversion.Converted convertImage(
      StreamPlace place, Bytes manifest, LayerProgress progress)
      throws IOException, InterruptedException {
    Descriptor subject = Descriptor.ofManifest(manifest);
    Map<String, Descriptor> blobs = layers(place, manifest);
    Map<String, StreamReferrer.Layer> forms = new LinkedHashMap<>();
    for (StreamReferrer there : place.forms(subject.digest())) {
      there.layers().forEach(l -> forms.putIfAbsent(l.diffId(), l));
    }
    var missing = new LinkedHashMap<>(blobs);
    missing.keySet().removeAll(forms.keySet());
    for (String diffId : blobs.keySet()) {
      if (!missing.containsKey(diffId)) {
        long size = blobs.get(diffId).sizeBytes();
        progress.at(LayerProgress.Phase.PRESENT, diffId, size, size);
      }
    }
    if (!missing.isEmpty()) {
      makeAll(place, missing, progress).forEach(l -> forms.put(l.diffId(), l));
    }
    var whole = new StreamReferrer(blobs.keySet().stream().map(forms::get).toList());
    if (!missing.isEmpty()) {
      place.publish(subject, whole);
      packs.publish(place, subject, whole);
    }
    long stored = whole.layers().stream().mapToLong(StreamReferrer.Layer::sizeBytes).sum();
    return new ImageConversion.Converted(subject.digest(), blobs.size(), missing.size(), stored);
  }

  /** The blobs of an image's layers by their diff ids, each once, bottom first. */
  private static Map<String, Descriptor> layers(StreamPlace place, Bytes manifest)
      throws IOException, InterruptedException {
    if (!(Manifest.parse(manifest) instanceof Manifest.Image image)) {
      throw new IllegalArgumentException("not the manifest of one image");
    }
    List<String> diffIds =
        ImageAssembly.diffIds(ImageAssembly.config(place.config(image.config())));
    if (diffIds.size() != image.layers().size() || diffIds.isEmpty()) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE,
          "cannot convert image: its manifest has "
              + image.layers().size()
              + " layers, its configuration "
              + diffIds.size());
    }
    var blobs = new LinkedHashMap<String, Descriptor>();
    for (int i = 0; i < diffIds.size(); i++) {
      blobs.putIfAbsent(diffIds.get(i), image.layers().get(i));
    }
    return blobs;
  }

  private List<StreamReferrer.Layer> makeAll(
      StreamPlace place, Map<String, Descriptor> missing, LayerProgress progress)
      throws IOException, InterruptedException {
    // platform threads: unpacking keeps a processor busy
    ExecutorService workers =
        Executors.newFixedThreadPool(
            LAYERS_AT_ONCE,
            Thread.ofPlatform().daemon().name("nacelle-convert-layer-", 0).factory());
    try {
      var completion = new ExecutorCompletionService<StreamReferrer.Layer>(workers);
      missing.forEach(
          (diffId, blob) -> completion.submit(() -> layers.convert(place, diffId, blob, progress)));
      var made = new ArrayList<StreamReferrer.Layer>();
      for (int i = 0; i < missing.size(); i++) {
        // the first failure ends the others
        made.add(TaskResults.of(completion.take(), "cannot convert a layer", IOException.class));
      }
      return made;
    } finally {
      workers.shutdownNow();
      workers.close();
    }
  }
}
