package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the images of one pod present and mounts them, those of its containers and those that are
 * volumes, each on a thread of its own: beside the sandbox, and, where a registry must be asked,
 * beside everything else. Called by the pod's worker alone.
 */
final class ImagePulls implements AutoCloseable {
  private final PodContext context;
  private final Runnable done;
  private final PullBackOffs backOffs = new PullBackOffs();

  /** By what it is for: {@code container/NAME} or {@code volume/NAME}. */
  private final Map<String, ImageSearch> underWay = new HashMap<>();

  /**
   * @param done called, on any thread, when an image that a registry was asked for has come or
   *     failed
   */
  ImagePulls(PodContext context, Runnable done) {
    this.context = context;
    this.done = done;
  }

  /** Begins to look for what a container's next start needs, unless that is under way. */
  void begin(ContainerView container, int attempt) {
    volumesToMount(container).forEach((name, image) -> begin(volume(name), image));
    begin(purpose(container), WantedImage.of(context.pod(), container, attempt));
  }

  private void begin(String purpose, WantedImage image) {
    if (backOffs.waiting(image, now()).isEmpty()) {
      search(purpose, image);
    }
  }

  /** The images that a container mounts and that are not mounted yet, by the volume's name. */
  private Map<String, WantedImage> volumesToMount(ContainerView container) {
    var result = new LinkedHashMap<String, WantedImage>();
    for (JsonObject volume : context.pod().imageVolumes(container)) {
      String name = volume.string("name").orElse("");
      if (!context.volumes().containsKey(name)) {
        result.put(name, WantedImage.of(context.pod(), volume));
      }
    }
    return result;
  }

  private static String volume(String name) {
    return "volume/" + name;
  }

  private static String purpose(ContainerView container) {
    return "container/" + container.name();
  }

  /** A search for another image than the one that is wanted now is ended. */
  private ImageSearch search(String purpose, WantedImage image) {
    ImageSearch present = underWay.get(purpose);
    if (present != null && present.wanted().equals(image)) {
      return present;
    }
    if (present != null) {
      present.cancel();
    }
    ImageSearch begun = ImageSearch.begin(context, image, done);
    underWay.put(purpose, begun);
    return begun;
  }

  /** Whether something of the container's is looked for, or has come and was not taken. */
  boolean isUnderWay(ContainerView container) {
    return underWay.containsKey(purpose(container))
        || volumesToMount(container).keySet().stream()
            .anyMatch(name -> underWay.containsKey(volume(name)));
  }

  /**
   * What came of it: the image of the container once its volumes are there, or the first of all
   * these that is missing. Forgotten with this, and an image that is here is the caller's to
   * unmount; volumes stay until the pod ends. Waits only for what is on this host: empty while a
   * registry is asked.
   */
  Optional<PodImage> take(ContainerView container, int attempt) throws InterruptedException {
    for (Map.Entry<String, WantedImage> wanted : volumesToMount(container).entrySet()) {
      Optional<PodImage> image = take(volume(wanted.getKey()), wanted.getValue());
      if (image.isEmpty()) {
        return image;
      }
      switch (image.get()) {
        case PodImage.Missing missing -> {
          return image;
        }
        case PodImage.Here here -> context.imageVolume(wanted.getKey(), here.root().merged());
      }
    }
    return take(purpose(container), WantedImage.of(context.pod(), container, attempt));
  }

  private Optional<PodImage> take(String purpose, WantedImage image) throws InterruptedException {
    Optional<PodImage.Missing> waiting = backOffs.waiting(image, now());
    if (waiting.isPresent()) {
      return Optional.of(waiting.get());
    }
    Optional<ImageSearch.Result> result = search(purpose, image).local();
    result.ifPresent(r -> underWay.remove(purpose));
    return result.map(
        r ->
            switch (r) {
              case ImageSearch.Result.Found(PodImage.Here here) -> here;
              case ImageSearch.Result.Failed failed -> {
                var missing = backOffs.failed(image, failed.fault(), failed.why(), now());
                tell(missing);
                yield missing;
              }
            });
  }

  private void tell(PodImage.Missing missing) {
    context
        .services()
        .events()
        .record(
            context.pod().object(),
            missing.wanted().fieldPath(),
            EventRecorder.Type.WARNING,
            missing.eventReason(),
            missing.eventMessage());
  }

  private Instant now() {
    return context.services().clock().instant();
  }

  /** Ends what is under way; layers that are complete are kept, what was mounted is not. */
  @Override
  public void close() {
    underWay.values().forEach(ImageSearch::cancel);
    underWay.clear();
  }
}
