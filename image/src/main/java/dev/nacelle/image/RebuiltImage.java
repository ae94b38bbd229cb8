package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.image.layer.DirectoryTar;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.RepositoryWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An image written anew from the layers on this disk, each an uncompressed tar whose digest is its
 * diff id. The tar is made twice, for its digest and to be sent, and never lies on the disk.
 */
record RebuiltImage(LocalParts parts, StoredImage image) {
  private static final String LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar";
  private static final String CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";

  static Optional<String> mediaType(Bytes manifest) {
    return JsonReader.readObject(manifest).string("mediaType");
  }

  ImagePush.Pushed push(RepositoryWriter writer, ImageReference target, LayerProgress progress)
      throws InterruptedException {
    try {
      Map<String, Descriptor> sent = new HashMap<>();
      List<Descriptor> layers = new ArrayList<>();
      for (StoredLayer layer : image.layers()) {
        Descriptor known = sent.get(layer.key());
        Descriptor tar = known == null ? send(layer, writer, progress) : known;
        sent.put(layer.key(), tar);
        layers.add(tar);
      }
      Bytes config = config(layers);
      Descriptor configuration = Descriptor.of(CONFIG_TYPE, config);
      writer.pushBlob(configuration, config::asInputStream);
      Descriptor manifest =
          writer.pushManifest(
              MediaTypes.OCI_MANIFEST, manifest(configuration, layers), target.tag());
      return new ImagePush.Pushed(target, manifest.digest(), configuration.digest());
    } catch (IOException e) {
      throw Faults.of("push image " + image.id(), e);
    }
  }

  private Descriptor send(StoredLayer layer, RepositoryWriter writer, LayerProgress progress)
      throws IOException, InterruptedException {
    String diffId = layer.built().diffId();
    if (!parts.isWhole(layer)) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot push layer " + diffId + " from this disk: only a part of it is here");
    }
    for (DamagedLayer damaged : parts.atRest().damaged(List.of(layer))) {
      throw new ImageException(
          ImageFault.DAMAGED,
          "cannot push "
              + damaged
              + " differs from what came; remove the image and pull or import it again");
    }
    Path mount = parts.roots().layer(layer.key());
    Descriptor tar = describe(mount);
    long size = tar.sizeBytes();
    writer.pushBlob(
        tar,
        () ->
            new CountedStream(
                DirectoryTar.ofLayer(mount),
                done -> progress.at(LayerProgress.Phase.PUSH, diffId, done, size)));
    progress.at(LayerProgress.Phase.PUSH, diffId, size, size);
    return tar;
  }

  private static Descriptor describe(Path mount) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    byte[] piece = new byte[64 << 10];
    long size = 0;
    try (InputStream tar = DirectoryTar.ofLayer(mount)) {
      for (int got = tar.read(piece); got >= 0; got = tar.read(piece)) {
        digest.update(piece, 0, got);
        size += got;
      }
    }
    return new Descriptor(LAYER_TYPE, Sha256.text(digest), size, Optional.empty());
  }

  /** The very bytes of the configuration where its diff ids still hold. */
  private Bytes config(List<Descriptor> layers) throws IOException {
    Bytes old = Bytes.wrap(Files.readAllBytes(parts.layout().blob(image.id())));
    List<String> diffIds = layers.stream().map(Descriptor::digest).toList();
    JsonObject json = ImageAssembly.config(old);
    if (ImageAssembly.diffIds(json).equals(diffIds)) {
      return old;
    }
    return JsonWriter.write(json.withAt(JsonArray.ofStrings(diffIds), "rootfs", "diff_ids"));
  }

  private static Bytes manifest(Descriptor config, List<Descriptor> layers) {
    List<Json> blobs = layers.stream().map(l -> (Json) l.toJson()).toList();
    return JsonWriter.write(
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_MANIFEST)
            .put("config", config.toJson())
            .put("layers", new JsonArray(blobs))
            .build());
  }
}
