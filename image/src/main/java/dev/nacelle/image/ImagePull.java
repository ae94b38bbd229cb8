package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.stream.ImageOpening;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Asks a registry for an image with each credential that fits until one may pull. For one pull. */
final class ImagePull {
  /** Some registries hide from the wrong one what is there. */
  private static final Set<ImageFault> OF_THE_CREDENTIAL =
      Set.of(ImageFault.UNAUTHORIZED, ImageFault.NOT_FOUND);

  private final RegistryClient registries;
  private final PullRequest request;
  private final PullProgress progress;
  private final AtomicLong fetched = new AtomicLong();
  private volatile long total;

  ImagePull(RegistryClient registries, PullRequest request, PullProgress progress) {
    this.registries = registries;
    this.request = request;
    this.progress = progress;
  }

  /** The image as the registry has it, and where its content comes from. */
  record Remote(
      Repository repository, Optional<Credential> credential, Repository.Resolved resolved) {

    /** The image's own manifest. */
    Descriptor imageManifest() {
      return Descriptor.ofManifest(resolved.manifests().getLast());
    }
  }

  Remote resolve(Platform host) throws InterruptedException {
    return CredentialTrial.first(
        request.secrets(),
        request.reference(),
        OF_THE_CREDENTIAL,
        credential -> {
          Repository repository = registries.repository(request.reference(), credential);
          return new Remote(repository, credential, repository.resolve(host));
        });
  }

  /** Its layers as they are pulled whole. */
  ImageContent wholeContent(Remote remote) throws InterruptedException {
    return new ImageContent(
        remote.repository.config(remote.resolved.image().config()),
        remote.resolved.manifests(),
        layers(remote));
  }

  /** Its layers, and their streaming form where the registry has one; that is to be closed. */
  ImageContent content(Remote remote) throws InterruptedException {
    ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor();
    try {
      Future<StreamedForms> forms = beside.submit(() -> forms(remote, ImageOpening.Chunks.ALONG));
      try {
        Bytes config = remote.repository.config(remote.resolved.image().config());
        return new ImageContent(config, remote.resolved.manifests(), layers(remote), forms.get());
      } catch (ImageException e) {
        forms.get().close();
        throw e;
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot look for a streaming form", e.getCause());
    } finally {
      beside.shutdownNow();
      beside.close();
    }
  }

  /**
   * The streaming form of the image in its repository; to be closed.
   *
   * @param chunks whether those that a start needs shall come along
   */
  StreamedForms forms(Remote remote, ImageOpening.Chunks chunks) throws InterruptedException {
    return StreamedForms.find(
        remote.repository,
        request.reference().repository(),
        remote.credential,
        remote.imageManifest().digest(),
        chunks);
  }

  private List<ImageContent.Layer> layers(Remote remote) {
    var layers = new ArrayList<ImageContent.Layer>();
    for (Descriptor layer : remote.resolved.image().layers()) {
      layers.add(
          new ImageContent.Layer(
              layer.sizeBytes(), () -> counted(remote.repository.blob(layer), layer)));
    }
    return layers;
  }

  long fetchedBytes() {
    return fetched.get();
  }

  private InputStream counted(InputStream in, Descriptor layer) {
    synchronized (this) {
      total += layer.sizeBytes();
    }
    return new CountedStream(
        in,
        (count, more) -> {
          progress.fetched(fetched.addAndGet(more), total);
          progress.layer(layer.digest(), count, layer.sizeBytes());
        });
  }
}
