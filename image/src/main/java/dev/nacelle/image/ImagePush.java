package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Manifest;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/**
 * Pushes images of this host to registries. Compressed layers are not kept here: those of a pulled
 * image come from where it was pulled from, byte for byte, so that the image keeps its digest. An
 * imported image, or any when asked, is written anew from the layers on this disk: a layer that was
 * made of a directory gives its very bytes again, others get another diff id, and the image another
 * id.
 */
public final class ImagePush {
  private final LocalImageStore store;

  public ImagePush(LocalImageStore store) {
    this.store = store;
  }

  /** Where the bytes of layers come from. */
  public enum Layers {
    /** The registry that the image came from; for imported images this disk. */
    ORIGINAL,
    /** This disk. */
    REBUILT
  }

  /**
   * What was pushed.
   *
   * @param digest of the manifest there
   * @param imageId of the image there; not the local one's where layers had to be written anew
   */
  public record Pushed(ImageReference target, String digest, String imageId) {}

  /**
   * Pushes an image; blobs that are there already are not sent.
   *
   * @param target what it is called there; has a tag
   * @param secrets for the target, and for where the image came from
   * @throws ImageException with {@link ImageFault#NOT_FOUND} if the image is not here
   */
  public Pushed push(
      ImageReference reference,
      ImageReference target,
      PullSecrets secrets,
      Layers layers,
      LayerProgress progress)
      throws InterruptedException {
    if (target.tag().isEmpty() || target.digest().isPresent()) {
      throw new ImageException(
          ImageFault.INVALID_NAME,
          "cannot push to " + target + ": the name of a push must have a tag and no digest");
    }
    StoredImage image = ImageInspection.find(store, "push", reference);
    LocalParts parts = store.parts();
    try (Pins.Pin pin = parts.pin(image)) {
      Optional<Bytes> manifest =
          layers == Layers.REBUILT ? Optional.empty() : manifest(parts, image);
      return CredentialTrial.first(
          secrets,
          target,
          credential -> {
            RepositoryWriter writer = parts.registries().writer(target, credential);
            var rebuilt = new RebuiltImage(parts, image);
            return manifest.isPresent()
                ? copy(parts, image, manifest.get(), writer, target, secrets, progress)
                : rebuilt.push(writer, target, progress);
          });
    } catch (IOException e) {
      throw Faults.of("push image " + reference, e);
    }
  }

  /** The manifest of the image itself, of those that led to it when it was pulled. */
  private static Optional<Bytes> manifest(LocalParts parts, StoredImage image) throws IOException {
    if (image.repoDigests().isEmpty()) {
      return Optional.empty();
    }
    for (String digest : image.manifests()) {
      Bytes manifest = Bytes.wrap(Files.readAllBytes(parts.layout().blob(digest)));
      if (Manifest.parse(manifest) instanceof Manifest.Image one
          && one.config().digest().equals(image.id())) {
        return Optional.of(manifest);
      }
    }
    return Optional.empty();
  }

  private static Pushed copy(
      LocalParts parts,
      StoredImage image,
      Bytes manifest,
      RepositoryWriter writer,
      ImageReference target,
      PullSecrets secrets,
      LayerProgress progress)
      throws InterruptedException {
    if (!(Manifest.parse(manifest) instanceof Manifest.Image parsed)) {
      throw new IllegalArgumentException("not the manifest of one image");
    }
    var origin = new OriginalBlobs(parts.registries(), origins(image), secrets);
    for (Descriptor layer : parsed.layers()) {
      origin.copy(layer, writer, progress);
    }
    writer.pushBlob(parsed.config(), () -> Files.newInputStream(parts.layout().blob(image.id())));
    String type = RebuiltImage.mediaType(manifest).orElse(MediaTypes.OCI_MANIFEST);
    writer.pushManifest(type, manifest, target.tag());
    return new Pushed(target, Sha256.of(manifest), image.id());
  }

  private static List<ImageReference> origins(StoredImage image) {
    return image.repoDigests().stream().map(ImageReference::parse).toList();
  }

  /** A repository with the credential that it takes. */
  static Repository repository(
      dev.nacelle.image.registry.RegistryClient registries,
      ImageReference reference,
      PullSecrets secrets)
      throws InterruptedException {
    return CredentialTrial.first(
        secrets,
        reference,
        credential -> {
          Repository repository = registries.repository(reference, credential);
          repository.manifest();
          return repository;
        });
  }
}
