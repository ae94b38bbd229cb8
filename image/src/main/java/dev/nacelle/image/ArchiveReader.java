package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.DigestMismatchException;
import dev.nacelle.image.registry.Manifest;
import dev.nacelle.image.registry.VerifiedStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads an image from an archive: the form of {@code docker save}, or an OCI layout
 * (image-layout.md of the OCI image specification). For one thread; the layers it hands out may be
 * read by others.
 */
final class ArchiveReader {
  private static final int MAX_CONFIG_BYTES = 8 << 20;

  /** The files of an archive, whatever it is stored as. */
  interface Files {
    /** The size of a file; empty where there is none. */
    Optional<Long> size(String name) throws IOException;

    InputStream open(String name) throws IOException;
  }

  private final Files files;
  private final Platform host;

  ArchiveReader(Files files, Platform host) {
    this.files = files;
    this.host = host;
  }

  /** The image of the archive; empty if this is no archive of images. */
  Optional<ImageContent> read() throws IOException {
    if (files.size("manifest.json").isPresent()) {
      Optional<ImageContent> docker = docker();
      if (docker.isPresent()) {
        return docker;
      }
    }
    if (files.size("oci-layout").isPresent() && files.size("index.json").isPresent()) {
      return Optional.of(layout());
    }
    return Optional.empty();
  }

  private Optional<ImageContent> docker() throws IOException {
    Json json;
    try {
      json = JsonReader.read(bytes("manifest.json", Manifest.MAX_BYTES));
    } catch (JsonSyntaxException e) {
      return Optional.empty();
    }
    if (!(json instanceof JsonArray images)
        || images.isEmpty()
        || !(images.get(0) instanceof JsonObject image)
        || image.string("Config").isEmpty()) {
      return Optional.empty();
    }
    if (images.size() > 1) {
      throw invalid("it holds " + images.size() + " images; save one at a time");
    }
    Bytes config = bytes(image.string("Config").get(), MAX_CONFIG_BYTES);
    var layers = new ArrayList<ImageContent.Layer>();
    for (String name : image.array("Layers").strings().toList()) {
      long size = files.size(name).orElseThrow(() -> invalid("it lacks the layer " + name));
      layers.add(new ImageContent.Layer(size, () -> files.open(name)));
    }
    return Optional.of(new ImageContent(config, List.of(), layers));
  }

  private ImageContent layout() throws IOException {
    Bytes text = bytes("index.json", Manifest.MAX_BYTES);
    var manifests = new ArrayList<Bytes>();
    Manifest manifest = Manifest.parse(text);
    for (int depth = 0; manifest instanceof Manifest.Index index; depth++) {
      if (depth > 3) {
        throw invalid("its indexes are nested too deep");
      }
      Bytes blob = verified(choose(index), Manifest.MAX_BYTES);
      manifests.add(blob);
      manifest = Manifest.parse(blob);
    }
    if (!(manifest instanceof Manifest.Image image)) {
      throw invalid("it has no image manifest");
    }
    var layers = new ArrayList<ImageContent.Layer>();
    for (Descriptor layer : image.layers()) {
      layers.add(
          new ImageContent.Layer(
              layer.sizeBytes(), () -> new VerifiedStream(files.open(path(layer)), layer)));
    }
    return new ImageContent(verified(image.config(), MAX_CONFIG_BYTES), manifests, layers);
  }

  private Descriptor choose(Manifest.Index index) {
    if (index.manifests().size() == 1) {
      return index.manifests().getFirst();
    }
    return index
        .choose(host)
        .orElseThrow(
            () ->
                new ImageException(
                    ImageFault.WRONG_PLATFORM,
                    "cannot import archive: none of its "
                        + index.manifests().size()
                        + " images says that it is for "
                        + host));
  }

  private Bytes verified(Descriptor descriptor, int maxBytes) throws IOException {
    Bytes bytes = bytes(path(descriptor), maxBytes);
    if (!Sha256.of(bytes).equals(descriptor.digest())) {
      throw new DigestMismatchException(descriptor.digest() + " has other content");
    }
    return bytes;
  }

  private static String path(Descriptor descriptor) {
    return "blobs/sha256/" + StoreLayout.hex(descriptor.digest());
  }

  private Bytes bytes(String name, int maxBytes) throws IOException {
    long size = files.size(name).orElseThrow(() -> invalid("it lacks the file " + name));
    if (size > maxBytes) {
      throw invalid(name + " has " + size + " bytes; at most " + maxBytes + " are allowed");
    }
    try (InputStream in = files.open(name)) {
      return Bytes.wrap(in.readNBytes(maxBytes));
    }
  }

  private static ImageException invalid(String why) {
    return new ImageException(ImageFault.INVALID_IMAGE, "cannot import archive: " + why);
  }
}
