package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.Platform;
import java.util.List;
import java.util.Optional;

/** A manifest: an image's, or an index of several; OCI and Docker schema 2. */
public sealed interface Manifest {
  /** The most bytes a manifest may have, as registries have it. */
  int MAX_BYTES = 4 << 20;

  /** The manifest of one image. */
  record Image(Descriptor config, List<Descriptor> layers) implements Manifest {
    private static final int MAX_LAYERS = 500;

    public Image {
      layers = List.copyOf(layers);
      if (layers.size() > MAX_LAYERS) {
        throw new ImageException(
            ImageFault.INVALID_IMAGE,
            "cannot use image: it has " + layers.size() + " layers; at most " + MAX_LAYERS);
      }
    }
  }

  /** Manifests for several platforms. */
  record Index(List<Descriptor> manifests) implements Manifest {
    public Index {
      manifests = List.copyOf(manifests);
    }

    /** The manifest for a platform: the same variant first, then one without, then any. */
    public Optional<Descriptor> choose(Platform wanted) {
      List<Descriptor> fitting =
          manifests.stream().filter(m -> fits(m.platform(), wanted)).toList();
      return fitting.stream()
          .filter(m -> variant(m).equals(wanted.variant()))
          .findFirst()
          .or(() -> fitting.stream().filter(m -> variant(m).isEmpty()).findFirst())
          .or(() -> fitting.stream().findFirst());
    }

    private static boolean fits(Optional<Platform> offered, Platform wanted) {
      return offered.isPresent()
          && offered.get().os().equals(wanted.os())
          && offered.get().architecture().equals(wanted.architecture());
    }

    private static Optional<String> variant(Descriptor manifest) {
      return manifest.platform().flatMap(Platform::variant);
    }
  }

  /**
   * Reads a manifest.
   *
   * @throws ImageException with {@link ImageFault#INVALID_IMAGE} if it is none of those known
   */
  static Manifest parse(Bytes text) {
    JsonObject json;
    try {
      json = JsonReader.readObject(text);
    } catch (JsonSyntaxException e) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE, "cannot read manifest: " + e.getMessage(), e);
    }
    if (json.has("manifests")) {
      return new Index(json.array("manifests").objects().map(Descriptor::of).toList());
    }
    if (json.has("config") && json.has("layers")) {
      return new Image(
          Descriptor.of(json.object("config")),
          json.array("layers").objects().map(Descriptor::of).toList());
    }
    if (json.integer("schemaVersion").orElse(0) == 1) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE,
          "cannot read manifest: Docker schema 1 is not supported; push the image anew");
    }
    throw new ImageException(
        ImageFault.INVALID_IMAGE, "cannot read manifest: it is neither an image nor an index");
  }
}
