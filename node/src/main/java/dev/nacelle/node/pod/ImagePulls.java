package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.Arrival;
import dev.nacelle.image.Ensured;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.MountOptions;
import dev.nacelle.image.PullPolicy;
import dev.nacelle.image.PullProgress;
import dev.nacelle.image.PullRequest;
import dev.nacelle.image.PullSecrets;
import dev.nacelle.image.ResolvedImage;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * Makes the images of one pod's containers present and mounts them, each on a thread of its own:
 * beside the sandbox, and, where a registry must be asked, beside everything else. Called by the
 * pod's worker alone.
 */
final class ImagePulls implements AutoCloseable {

  /** An image that is here, or why it is not. */
  sealed interface Image {
    record Here(ResolvedImage image, ImageReference reference) implements Image {}

    record Missing(ImageFault fault, String message) implements Image {}
  }

  private final PodContext context;
  private final Runnable done;
  private final Map<String, Pull> underWay = new HashMap<>();

  /**
   * @param done called, on any thread, when an image that a registry was asked for has come or
   *     failed
   */
  ImagePulls(PodContext context, Runnable done) {
    this.context = context;
    this.done = done;
  }

  /** Begins to look for the image of a container's next start, unless that is under way. */
  void begin(ContainerView container, int attempt) {
    pull(container, attempt);
  }

  private Pull pull(ContainerView container, int attempt) {
    return underWay.computeIfAbsent(container.name(), n -> new Pull(container, attempt));
  }

  /** Whether the container's image is being looked for, or has come and was not taken. */
  boolean isUnderWay(ContainerView container) {
    return underWay.containsKey(container.name());
  }

  /**
   * What came of it; forgotten with this, and an image that is here is the caller's to unmount.
   * Waits only for what is on this host: empty while a registry is asked.
   */
  Optional<Image> take(ContainerView container, int attempt) throws InterruptedException {
    Optional<Image> image = pull(container, attempt).local();
    image.ifPresent(i -> underWay.remove(container.name()));
    return image;
  }

  /** Ends what is under way; layers that are complete are kept, what was mounted is not. */
  @Override
  public void close() {
    underWay.values().forEach(Pull::cancel);
    underWay.clear();
  }

  /** One search. */
  private final class Pull {
    private final ContainerView container;
    private final String containerId;
    private final CountDownLatch lookedHere = new CountDownLatch(1);
    private final Thread thread;
    private volatile Optional<Image> image = Optional.empty();
    private boolean mounted;
    private boolean cancelled;

    Pull(ContainerView container, int attempt) {
      this.container = container;
      this.containerId = PodPaths.containerId(context.pod().uid(), container.name(), attempt);
      this.thread = Thread.ofVirtual().name("image " + container.image()).start(this::run);
    }

    Optional<Image> local() throws InterruptedException {
      lookedHere.await();
      return image;
    }

    /** Nobody will take it. */
    synchronized void cancel() {
      cancelled = true;
      thread.interrupt();
      if (mounted) {
        context.services().images().unmount(containerId);
      }
    }

    /** Beside the sandbox: whoever starts the container finds it mounted. */
    private synchronized void mount(Image found) {
      if (found instanceof Image.Here here && !cancelled) {
        context.services().images().mount(here.image().id(), containerId, MountOptions.DEFAULT);
        mounted = true;
        context.services().timeline().mark(context.pod().uid(), "imageMounted");
      }
    }

    private void run() {
      try {
        Optional<Image> here = lookHere();
        if (here.isPresent()) {
          mount(here.get());
          image = here;
          return;
        }
        lookedHere.countDown();
        Image pulled = pull();
        mount(pulled);
        image = Optional.of(pulled);
        done.run();
      } catch (ImageException e) {
        fail(e.fault(), String.valueOf(e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ApiException e) {
        fail(ImageFault.REGISTRY_UNAVAILABLE, "cannot read its pull secrets: " + e.getMessage());
      } catch (RuntimeException e) {
        fail(ImageFault.HOST, String.valueOf(e.getMessage()));
      } finally {
        lookedHere.countDown();
      }
    }

    private void fail(ImageFault fault, String message) {
      image = Optional.of(new Image.Missing(fault, message));
      done.run();
    }

    /** Empty where a registry must be asked. */
    private Optional<Image> lookHere() {
      ImageReference reference = ImageReference.parse(container.image());
      PullPolicy policy = policy(reference);
      Optional<ResolvedImage> local = context.services().images().resolve(reference);
      if (policy == PullPolicy.ALWAYS) {
        return Optional.empty();
      }
      if (local.isEmpty()) {
        return policy == PullPolicy.NEVER
            ? Optional.of(new Image.Missing(ImageFault.NEVER_PULL, "it is not here"))
            : Optional.empty();
      }
      event("Pulled", "Container image \"" + container.image() + "\" already present on machine");
      return Optional.of(new Image.Here(local.get(), reference));
    }

    private Image pull() throws InterruptedException {
      ImageReference reference = ImageReference.parse(container.image());
      event("Pulling", "Pulling image \"" + container.image() + "\"");
      var request = new PullRequest(reference, policy(reference), secrets(context.pod()));
      Ensured ensured = context.services().images().ensure(request, PullProgress.SILENT);
      if (ensured instanceof Ensured.Pulled whole
          && whole.arrival() instanceof Arrival.Whole(String why)) {
        event(
            "PulledWhole",
            "Image \"" + container.image() + "\" was fetched whole before its start: " + why);
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
              + container.image()
              + "\" in "
              + took
              + ". Image size: "
              + ensured.image().sizeBytes()
              + " bytes.");
      return new Image.Here(ensured.image(), reference);
    }

    private PullPolicy policy(ImageReference reference) {
      return container
          .json()
          .string("imagePullPolicy")
          .filter(p -> !p.isEmpty())
          .map(PullPolicy::of)
          .orElseGet(() -> PullPolicy.defaultFor(reference));
    }

    private void event(String reason, String message) {
      context
          .services()
          .events()
          .record(
              context.pod().object(),
              container.fieldPath(),
              EventRecorder.Type.NORMAL,
              reason,
              message);
    }
  }

  private PullSecrets secrets(PodView pod) {
    var result = PullSecrets.NONE;
    for (JsonObject reference : pod.spec().array("imagePullSecrets").objects().toList()) {
      var key = new ObjectKey(pod.object().namespace(), reference.string("name").orElse(""));
      Optional<KubeObject> secret = context.services().client().find(Resources.SECRETS, key);
      Optional<String> text =
          secret.flatMap(
              s ->
                  s.json()
                      .string("data", ".dockerconfigjson")
                      .or(() -> s.json().string("data", ".dockercfg")));
      if (text.isPresent()) {
        result = result.and(parse(text.get()));
      }
    }
    return result;
  }

  private static PullSecrets parse(String base64) {
    try {
      return PullSecrets.parse(Bytes.wrap(Base64.getDecoder().decode(base64)));
    } catch (IllegalArgumentException e) {
      return PullSecrets.NONE;
    }
  }
}
