package dev.nacelle.node.pod;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.MountOptions;
import dev.nacelle.image.PullPolicy;
import dev.nacelle.node.volume.ImageVolumes;
import java.util.Optional;

/**
 * An image that a pod needs: the root of a container's next start, or a volume.
 *
 * @param name as the specification spells it
 * @param pullPolicy as the specification states it, empty where it does not
 * @param fieldPath the part of the pod that events are about; empty for the whole
 * @param mountId what it is mounted by in the image store
 */
record WantedImage(
    String name, String pullPolicy, String fieldPath, String mountId, MountOptions options) {

  static WantedImage of(PodView pod, ContainerView container, int attempt) {
    return new WantedImage(
        container.image(),
        container.json().string("imagePullPolicy").orElse(""),
        container.fieldPath(),
        PodPaths.containerId(pod.uid(), container.name(), attempt),
        MountOptions.DEFAULT);
  }

  static WantedImage of(PodView pod, JsonObject volume) {
    return new WantedImage(
        volume.string("image", "reference").orElse(""),
        volume.string("image", "pullPolicy").orElse(""),
        "",
        ImageVolumes.id(pod.uid(), volume.string("name").orElse("")),
        MountOptions.VOLUME);
  }

  boolean isVolume() {
    return options.equals(MountOptions.VOLUME);
  }

  PullPolicy policy(ImageReference reference) {
    return Optional.of(pullPolicy)
        .filter(p -> !p.isEmpty())
        .map(PullPolicy::of)
        .orElseGet(() -> PullPolicy.defaultFor(reference));
  }
}
