package dev.nacelle.node.pod;

import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.image.RootFilesystem;
import java.time.Instant;

/** What came of the search for an image, with the kubelet's words for it. */
sealed interface PodImage {

  /** It is here, and mounted. */
  record Here(ResolvedImage image, ImageReference reference, RootFilesystem root)
      implements PodImage {}

  /**
   * It is not here.
   *
   * @param why what the image store said
   * @param retryAt when it is worth another look
   */
  record Missing(WantedImage wanted, ImageFault fault, String why, Instant retryAt)
      implements PodImage {

    /** Of the container's waiting state. */
    String reason() {
      return fault.waitingReason();
    }

    /** The message of the container's waiting state. */
    String message() {
      return switch (fault) {
        case INVALID_NAME, NEVER_PULL, DAMAGED -> eventMessage();
        case REGISTRY_UNAVAILABLE ->
            "image pull failed for "
                + wanted.name()
                + " because the registry is unavailable: "
                + why;
        default -> "failed to pull image \"" + wanted.name() + "\": " + why;
      };
    }

    /** The kubelet's words for an image on this host that cannot be used. */
    static String inspectFailed(String image, String why) {
      return "Failed to inspect image \"" + image + "\": " + why;
    }

    /** Of the event about the image. */
    String eventReason() {
      return switch (fault) {
        case INVALID_NAME, DAMAGED -> "InspectFailed";
        case NEVER_PULL -> "ErrImageNeverPull";
        default -> "Failed";
      };
    }

    /** The message of the event about the image. */
    String eventMessage() {
      String name = "\"" + wanted.name() + "\"";
      return switch (fault) {
        case DAMAGED -> inspectFailed(wanted.name(), why);
        case INVALID_NAME -> "Failed to apply default image tag " + name + ": " + why;
        case NEVER_PULL -> "Container image " + name + " is not present with pull policy of Never";
        case REGISTRY_UNAVAILABLE -> "Failed to pull image " + name + ": " + reason() + ": " + why;
        default -> "Failed to pull image " + name + ": " + why;
      };
    }
  }
}
