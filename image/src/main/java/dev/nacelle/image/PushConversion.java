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
import java.util.HashSet;
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
 * too short. What was looked at once is remembered, so that such a look lists the manifests and
 * reads the new ones alone. Safe for any thread.
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

  /** Failures that no later look would spare. */
  private static final Set<ImageFault> OF_THE_IMAGE =
      Set.of(ImageFault.INVALID_IMAGE, ImageFault.WRONG_PLATFORM);

  private record Image(RepositoryName repository, ContentDigest digest) {
    private ConversionLog.Entry entry() {
      return ConversionLog.Entry.of(repository, digest);
    }
  }

  private final BlockingQueue<Image> waiting = new ArrayBlockingQueue<>(WAITING);
  private final AtomicBoolean missed = new AtomicBoolean(true);
  private final PlaceConversion conversion;
  private final Path done;
  private Optional<Thread> thread = Optional.empty();

  /**
   * @param temporary a directory of its own on the registry's disk; emptied
   * @param done the file in which it is written down what is done; it should go where the registry
   *     goes. Its directory is there when this is started
   * @throws IOException if the directory cannot be made
   */
  public PushConversion(Path temporary, Path done) throws IOException {
    this.done = done;
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
      ConversionLog log = ConversionLog.open(done);
      while (true) {
        if (waiting.isEmpty() && missed.getAndSet(false)) {
          sweep(content, log);
        }
        Image image = waiting.take();
        if (isSettled(content, image)) {
          note(log, image);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.error("nothing is converted: cannot read {}; remove it and start again", done, e);
    }
  }

  private void sweep(RegistryContent content, ConversionLog log) throws InterruptedException {
    var present = new HashSet<ConversionLog.Entry>();
    boolean all = true;
    for (RepositoryName repository : content.repositories()) {
      List<ContentDigest> manifests;
      try {
        manifests = content.manifests(repository);
      } catch (IOException e) {
        LOG.warn("cannot look for images to convert in {}", repository, e);
        all = false;
        continue;
      }
      for (ContentDigest digest : manifests) {
        var image = new Image(repository, digest);
        present.add(image.entry());
        if (!log.has(image.entry()) && isSettled(content, image)) {
          note(log, image);
        }
      }
    }
    if (all) {
      forgetOthers(log, present);
    }
  }

  private void note(ConversionLog log, Image image) {
    try {
      log.add(image.entry());
    } catch (IOException e) {
      LOG.warn("cannot write down that {}@{} is done", image.repository, image.digest, e);
    }
  }

  private void forgetOthers(ConversionLog log, Set<ConversionLog.Entry> present) {
    try {
      log.retain(present);
    } catch (IOException e) {
      LOG.warn("cannot write {}; manifests are looked at again after the next start", done, e);
    }
  }

  /** Converts an image; whether another look at it would come to the same. */
  private boolean isSettled(RegistryContent content, Image image) throws InterruptedException {
    try {
      Optional<RegistryContent.Manifest> manifest =
          content.manifest(image.repository, new Reference.ByDigest(image.digest));
      if (manifest.isEmpty()) {
        return false;
      }
      if (!isImage(manifest.get())) {
        return true;
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
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "cannot convert {}@{}: {}; it is pulled whole",
          image.repository,
          image.digest,
          e.getMessage());
      return e instanceof ImageException known && OF_THE_IMAGE.contains(known.fault());
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
