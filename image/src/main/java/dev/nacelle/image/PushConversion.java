package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.task.Threads;
import dev.nacelle.image.distribution.ContentDigest;
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.Reference;
import dev.nacelle.image.distribution.RegistryContent;
import dev.nacelle.image.distribution.RepositoryName;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Converts what is pushed to the built-in registry, one image after the other on a thread of its
 * own: a push never waits. What was pushed and not converted, because the process ended or too many
 * waited, is found again by a look through the registry: at the start, and after a queue that was
 * too short. Safe for any thread.
 */
public final class PushConversion implements PushListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PushConversion.class);
  private static final int WAITING = 1024;
  private static final Set<String> MANIFESTS =
      Set.of(MediaTypes.OCI_MANIFEST, MediaTypes.DOCKER_MANIFEST);
  private static final Set<String> CONFIGS =
      Set.of(
          "application/vnd.oci.image.config.v1+json",
          "application/vnd.docker.container.image.v1+json");

  private record Image(RepositoryName repository, ContentDigest digest) {}

  private final BlockingQueue<Image> waiting = new ArrayBlockingQueue<>(WAITING);
  private final AtomicBoolean missed = new AtomicBoolean(true);
  private final PlaceConversion conversion;
  private Optional<Thread> thread = Optional.empty();

  /**
   * @param temporary a directory of its own on the registry's disk; emptied
   * @throws IOException if it cannot be made
   */
  public PushConversion(Path temporary) throws IOException {
    Trees.delete(temporary);
    Files.createDirectories(temporary);
    conversion = new PlaceConversion(temporary, LocalLayers.NONE);
  }

  /** Begins to convert: what is there without a streaming form, and what is pushed from now on. */
  public synchronized void start(RegistryContent content) {
    if (thread.isEmpty()) {
      thread = Optional.of(new Threads("registry").startVirtual("conversion", () -> run(content)));
    }
  }

  @Override
  public void pushed(Push push) {
    if (MANIFESTS.contains(push.mediaType())
        && !waiting.offer(new Image(push.repository(), push.digest()))) {
      missed.set(true);
    }
  }

  private void run(RegistryContent content) {
    try {
      while (true) {
        if (waiting.isEmpty() && missed.getAndSet(false)) {
          sweep(content);
        }
        convert(content, waiting.take());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sweep(RegistryContent content) throws InterruptedException {
    for (RepositoryName repository : content.repositories()) {
      List<ContentDigest> manifests;
      try {
        manifests = content.manifests(repository);
      } catch (IOException e) {
        LOG.warn("cannot look for images to convert in {}", repository, e);
        continue;
      }
      for (ContentDigest digest : manifests) {
        convert(content, new Image(repository, digest));
      }
    }
  }

  private void convert(RegistryContent content, Image image) throws InterruptedException {
    try {
      Optional<RegistryContent.Manifest> manifest =
          content.manifest(image.repository, new Reference.ByDigest(image.digest));
      if (manifest.isEmpty() || !isImage(manifest.get())) {
        return;
      }
      var place = new BuiltInPlace(content, image.repository);
      for (ImageConversion.Converted made :
          conversion.convert(
              place, manifest.get().body(), ImageConversion.Platforms.HOST, LayerProgress.SILENT)) {
        if (made.made() > 0) {
          LOG.info(
              "converted {}@{}: {} of {} layers",
              image.repository,
              image.digest,
              made.made(),
              made.layers());
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "cannot convert {}@{}: {}; it is pulled whole",
          image.repository,
          image.digest,
          e.getMessage());
    }
  }

  /** Not what speaks of an image, nor what is no image: charts, signatures, our own forms. */
  private static boolean isImage(RegistryContent.Manifest manifest) {
    if (!MANIFESTS.contains(manifest.mediaType())
        || manifest.digest().algorithm() != ContentDigest.Algorithm.SHA256) {
      return false;
    }
    return isImage(manifest.body());
  }

  private static boolean isImage(Bytes manifest) {
    try {
      JsonObject json = JsonReader.readObject(manifest);
      return !json.has("subject")
          && json.string("artifactType").orElse("").isEmpty()
          && CONFIGS.contains(json.string("config", "mediaType").orElse(""))
          && json.array("layers").size() > 0;
    } catch (JsonSyntaxException e) {
      return false;
    }
  }

  /** Ends its thread; what it was converting is converted after the next start. Idempotent. */
  @Override
  public synchronized void close() {
    if (thread.isEmpty()) {
      return;
    }
    Thread running = thread.get();
    running.interrupt();
    boolean interrupted = false;
    while (running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
