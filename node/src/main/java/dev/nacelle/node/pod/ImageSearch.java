package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.image.Arrival;
import dev.nacelle.image.Ensured;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.PullPolicy;
import dev.nacelle.image.PullProgress;
import dev.nacelle.image.PullRequest;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.image.RootFilesystem;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** One search for an image, on a thread of its own: it ends with the image mounted, or failed. */
final class ImageSearch {

  /** How a search ended. */
  sealed interface Result {
    record Found(PodImage.Here image) implements Result {}

    record Failed(ImageFault fault, String why) implements Result {}
  }

  /** A damaged image is brought again; what is damaged each time is not worth another attempt. */
  private static final int MOST_DAMAGED = 2;

  private record Local(ResolvedImage image, ImageReference reference) {}

  private final PodContext context;
  private final WantedImage wanted;
  private final Runnable done;
  private final ImageStore images;
  private final CountDownLatch lookedHere = new CountDownLatch(1);
  private final Thread thread;
  private volatile Optional<Result> result = Optional.empty();
  private boolean mounted;
  private boolean cancelled;

  private ImageSearch(PodContext context, WantedImage wanted, Runnable done) {
    this.context = context;
    this.wanted = wanted;
    this.done = done;
    this.images = context.services().images();
    this.thread = Thread.ofVirtual().name("image " + wanted.name()).unstarted(this::run);
  }

  /**
   * @param done called, on any thread, when an image that a registry was asked for has come, or
   *     when the search has failed
   */
  static ImageSearch begin(PodContext context, WantedImage wanted, Runnable done) {
    var search = new ImageSearch(context, wanted, done);
    search.thread.start();
    return search;
  }

  WantedImage wanted() {
    return wanted;
  }

  /** What came of it; waits only for what is on this host: empty while a registry is asked. */
  Optional<Result> local() throws InterruptedException {
    lookedHere.await();
    return result;
  }

  /** Nobody will take it: what was mounted is not any more. */
  synchronized void cancel() {
    cancelled = true;
    thread.interrupt();
    if (mounted) {
      images.unmount(wanted.mountId());
    }
  }

  private void run() {
    try {
      Optional<PodImage.Here> earlier = wanted.isVolume() ? mountedBefore() : Optional.empty();
      if (earlier.isPresent()) {
        result = earlier.map(Result.Found::new);
        return;
      }
      result = mountSound(ImageReference.parse(wanted.name()));
      if (lookedHere.getCount() == 0) {
        done.run();
      }
    } catch (ImageException e) {
      fail(e.fault(), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      fail(ImageFault.HOST, String.valueOf(e.getMessage()));
    } finally {
      lookedHere.countDown();
    }
  }

  /**
   * Mounts what is here, or what a registry has; also where what is here turns out damaged, or was
   * removed to make room since it was found.
   */
  private Optional<Result> mountSound(ImageReference reference) throws InterruptedException {
    for (int left = MOST_DAMAGED; ; left--) {
      try {
        Optional<Local> here = lookHere(reference);
        if (here.isPresent()) {
          return mount(here.get());
        }
      } catch (ImageException e) {
        requireAnotherWay(e, left, reference);
        continue;
      }
      lookedHere.countDown();
      Local pulled = pull(reference);
      try {
        images.requireSound(pulled.image().id());
        return mount(pulled);
      } catch (ImageException e) {
        requireAnotherWay(e, left, reference);
      }
    }
  }

  private void requireAnotherWay(ImageException e, int left, ImageReference reference) {
    if (left == 0 || !isMended(e.fault(), reference)) {
      throw e;
    }
    if (e.fault() == ImageFault.DAMAGED) {
      event(
          EventRecorder.Type.WARNING,
          "InspectFailed",
          PodImage.Missing.inspectFailed(wanted.name(), String.valueOf(e.getMessage())));
    }
  }

  /** Whether it may be here at the next look, or may be pulled. */
  private boolean isMended(ImageFault fault, ImageReference reference) {
    return (fault == ImageFault.DAMAGED || fault == ImageFault.NOT_FOUND)
        && (wanted.policy(reference) != PullPolicy.NEVER || images.resolve(reference).isPresent());
  }

  private void fail(ImageFault fault, String message) {
    result = Optional.of(new Result.Failed(fault, message));
    done.run();
  }

  /** A volume outlives the containers that use it, and the platform. */
  private Optional<PodImage.Here> mountedBefore() {
    return images
        .mounted(wanted.mountId())
        .flatMap(
            root ->
                images
                    .find(root.imageId())
                    .map(
                        image ->
                            new PodImage.Here(image, ImageReference.parse(wanted.name()), root)));
  }

  /** Beside the sandbox: whoever starts the container finds it mounted. */
  private synchronized Optional<Result> mount(Local local) {
    if (cancelled) {
      return Optional.empty();
    }
    RootFilesystem root = images.mount(local.image().id(), wanted.mountId(), wanted.options());
    mounted = true;
    context.services().timeline().mark(context.pod().uid(), "imageMounted");
    return Optional.of(new Result.Found(new PodImage.Here(local.image(), local.reference(), root)));
  }

  /** An image that is sound; empty where a registry must be asked. */
  private Optional<Local> lookHere(ImageReference reference) throws InterruptedException {
    PullPolicy policy = wanted.policy(reference);
    Optional<ResolvedImage> local =
        policy == PullPolicy.ALWAYS ? Optional.empty() : images.resolve(reference);
    if (policy == PullPolicy.NEVER && local.isEmpty()) {
      throw new ImageException(ImageFault.NEVER_PULL, "it is not here");
    }
    if (local.isPresent()) {
      images.requireSound(local.get().id());
      if (images.isArriving(local.get().id())) { // from then on also with this pod's credentials
        images.ensure(request(reference), PullProgress.SILENT);
      }
      event(
          "Pulled",
          "Container image \""
              + wanted.name()
              + "\" already present on machine and can be accessed by the pod");
    }
    return local.map(image -> new Local(image, reference));
  }

  private Local pull(ImageReference reference) throws InterruptedException {
    event("Pulling", "Pulling image \"" + wanted.name() + "\"");
    Ensured ensured = images.ensure(request(reference), PullProgress.SILENT);
    if (ensured instanceof Ensured.Pulled whole
        && whole.arrival() instanceof Arrival.Whole(String why)) {
      event(
          "PulledWhole",
          "Image \"" + wanted.name() + "\" was fetched whole before its start: " + why);
    }
    String took =
        ensured instanceof Ensured.Pulled pulled
            ? pulled.took().toMillis()
                + "ms ("
                + pulled.includingWaiting().toMillis()
                + "ms including waiting)"
            : "0ms (0ms including waiting)";
    event(
        "Pulled",
        "Successfully pulled image \""
            + wanted.name()
            + "\" in "
            + took
            + ". Image size: "
            + ensured.image().sizeBytes()
            + " bytes.");
    return new Local(ensured.image(), reference);
  }

  private PullRequest request(ImageReference reference) {
    return new PullRequest(reference, wanted.policy(reference), PodPullSecrets.of(context));
  }

  private void event(String reason, String message) {
    event(EventRecorder.Type.NORMAL, reason, message);
  }

  private void event(EventRecorder.Type type, String reason, String message) {
    context
        .services()
        .events()
        .record(context.pod().object(), wanted.fieldPath(), type, reason, message);
  }
}
