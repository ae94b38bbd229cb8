package dev.nacelle.bench.image;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.RepositoryWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/** Brings an image into a registry as any client does: its layers as they are. */
public final class ImagePusher {
  private ImagePusher() {}

  public static void push(DebianImage image, String reference, RegistrySettings settings)
      throws IOException, InterruptedException {
    try (var client = new RegistryClient(settings, ProxySettings.NONE)) {
      ImageReference name = ImageReference.parse(reference);
      RepositoryWriter writer = client.writer(name, Optional.empty());
      for (Descriptor blob : image.blobs()) {
        writer.pushBlob(blob, () -> Files.newInputStream(image.file(blob)));
      }
      writer.pushManifest(MediaTypes.OCI_MANIFEST, image.manifest(), name.tag());
    }
  }
}
