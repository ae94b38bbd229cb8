package dev.nacelle.node.endpoint;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.PodView;
import java.util.Optional;
import java.util.stream.Stream;

/** What is said where a log is asked for that has no file, in the words of the kubelet. Pure. */
final class AbsentLog {
  private AbsentLog() {}

  /**
   * The text in place of the log of a container that has ended and whose log is gone.
   *
   * @throws ApiException 400 if the container has not written any
   */
  static String text(PodView pod, String container) {
    String name = "container \"" + container + "\" in pod \"" + pod.object().name() + "\"";
    Optional<JsonObject> status = status(pod, container);
    if (status.isEmpty()) {
      String phase = pod.object().status().string("phase").orElse("Pending");
      throw ApiException.badRequest(
          name
              + (phase.equals("Pending")
                  ? " is waiting to start: ContainerCreating"
                  : " is not available"));
    }
    Optional<JsonObject> ended = ended(status.get());
    if (ended.isPresent()) {
      String id = ended.get().string("containerID").orElse("");
      if (!id.isEmpty()) {
        return "unable to retrieve container logs for " + id;
      }
      if (status.get().object("state").has("terminated")) {
        throw ApiException.badRequest(name + " is terminated");
      }
    }
    throw ApiException.badRequest(
        name
            + status
                .get()
                .string("state", "waiting", "reason")
                .map(reason -> " is waiting to start: " + words(reason))
                .orElse(" is waiting to start - no logs yet"));
  }

  private static Optional<JsonObject> ended(JsonObject status) {
    return Stream.of("state", "lastState")
        .map(which -> status.object(which))
        .filter(state -> state.has("terminated"))
        .map(state -> state.object("terminated"))
        .findFirst();
  }

  private static String words(String reason) {
    return switch (reason) {
      case "ErrImagePull", "RegistryUnavailable" -> "image can't be pulled";
      case "ImagePullBackOff" -> "trying and failing to pull image";
      default -> reason;
    };
  }

  private static Optional<JsonObject> status(PodView pod, String container) {
    return Stream.of("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        .flatMap(list -> pod.object().status().array(list).objects())
        .filter(c -> c.string("name").filter(container::equals).isPresent())
        .findFirst();
  }
}
