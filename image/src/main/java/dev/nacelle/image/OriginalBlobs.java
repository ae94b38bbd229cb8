package dev.nacelle.image;

import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;

/**
 * The layers of an image as they were pulled, from the first of its repositories that has them. It
 * is asked only when the target has not. For one push; for one thread.
 */
final class OriginalBlobs {
  private final RegistryClient registries;
  private final List<ImageReference> origins;
  private final PullSecrets secrets;
  private Optional<Repository> repository = Optional.empty();
  private Optional<ImageException> refusal = Optional.empty();

  OriginalBlobs(RegistryClient registries, List<ImageReference> origins, PullSecrets secrets) {
    this.registries = registries;
    this.origins = origins;
    this.secrets = secrets;
  }

  void copy(Descriptor layer, RepositoryWriter writer, LayerProgress progress)
      throws InterruptedException {
    long size = layer.sizeBytes();
    HttpRequest.Source source =
        () ->
            new CountedStream(
                open(layer),
                done -> progress.at(LayerProgress.Phase.PUSH, layer.digest(), done, size));
    try {
      writer.pushBlob(layer, source);
    } catch (ImageException e) {
      throw refusal.isEmpty() ? e : explained(layer, refusal.get());
    }
    progress.at(LayerProgress.Phase.PUSH, layer.digest(), size, size);
  }

  private java.io.InputStream open(Descriptor layer) throws IOException {
    try {
      if (repository.isEmpty()) {
        repository = Optional.of(find());
      }
      return repository.get().blob(layer);
    } catch (ImageException e) {
      refusal = Optional.of(e);
      // nobody is to try again what was tried several times
      throw (IOException) new java.net.ConnectException(e.getMessage()).initCause(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  private Repository find() throws InterruptedException {
    ImageException last =
        new ImageException(ImageFault.NOT_FOUND, "it is not known where the image came from");
    for (ImageReference origin : origins) {
      try {
        return ImagePush.repository(registries, origin, secrets);
      } catch (ImageException e) {
        last = e;
      }
    }
    throw last;
  }

  private static ImageException explained(Descriptor layer, ImageException why) {
    return new ImageException(
        why.fault() == ImageFault.UNAUTHORIZED ? ImageFault.NOT_FOUND : why.fault(),
        "cannot push layer "
            + layer.digest()
            + ": its compressed form is not kept on this disk, and not to be had from where it was"
            + " pulled from ("
            + why.getMessage()
            + "); try --rebuild, which gives the image another digest",
        why);
  }
}
