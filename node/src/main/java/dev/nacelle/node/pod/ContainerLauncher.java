package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageException;
import dev.nacelle.node.probe.LifecycleHook;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.start.UsedReferences;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerStatus;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Brings one container of a pod from its specification to a running process. For the pod's worker
 * alone.
 */
final class ContainerLauncher {
  private static final Duration MAX_RETRY = Duration.ofSeconds(10);
  private static final Duration HOOK_TIMEOUT = Duration.ofMinutes(2);

  private final PodContext context;
  private final NodeServices services;
  private final PodMailbox mailbox;

  ContainerLauncher(PodContext context, PodMailbox mailbox) {
    this.context = context;
    this.services = context.services();
    this.mailbox = mailbox;
  }

  /** Starts the next attempt of a container; the outcome is in the record. */
  ContainerRecord start(
      ContainerView container, ContainerRecord record, PodImage image, UsedReferences used)
      throws InterruptedException {
    return switch (image) {
      case PodImage.Missing missing -> imageMissing(container, record, missing);
      case PodImage.Here here -> start(container, record, here, used);
    };
  }

  private ContainerRecord start(
      ContainerView container, ContainerRecord record, PodImage.Here here, UsedReferences used)
      throws InterruptedException {
    int attempt = record.nextAttempt();
    String id = PodPaths.containerId(context.pod().uid(), container.name(), attempt);
    String imageId = here.image().statusImageId(here.reference());
    try {
      var prepared = prepared(container, id, attempt, here);
      var spec = services.starts().spec(context.pod(), container, prepared, used);
      ContainerStatus status = services.runtime().runContainer(spec);
      services.timeline().mark(context.pod().uid(), "started");
      services.metrics().containerStarted();
      event(container, EventRecorder.Type.NORMAL, "Created", "Container created");
      event(container, EventRecorder.Type.NORMAL, "Started", "Container started");
      return record.startedAs(status, attempt, imageId);
    } catch (ConfigurationException e) {
      services.images().unmount(id);
      return refused(container, record, e.reason(), String.valueOf(e.getMessage()));
    } catch (ContainerRuntimeException e) {
      event(
          container,
          EventRecorder.Type.WARNING,
          "Failed",
          "Error: " + withoutId(String.valueOf(e.getMessage()), id, container));
      var waiting =
          new ContainerRecord.Waiting("RunContainerError", String.valueOf(e.getMessage()));
      Optional<ContainerStatus> left = services.runtime().container(id);
      if (left.filter(s -> s.exit().isPresent()).isPresent()) {
        return record.startedAs(left.get(), attempt, imageId).waitingFor(waiting);
      }
      services.images().unmount(id);
      return record.refused(waiting, retryAt(record));
    } catch (ImageException | IOException | IllegalArgumentException e) {
      return refused(
          container,
          record,
          "CreateContainerError",
          withoutId(String.valueOf(e.getMessage()), id, container));
    }
  }

  /**
   * The name of the container for its id, which each attempt has anew, as the kubelet has it in its
   * events: else they are never counted as the same.
   */
  static String withoutId(String message, String id, ContainerView container) {
    return message.replace(id, container.name());
  }

  /** Whether something is to be done before the container counts as started. */
  static boolean hasPostStart(ContainerView container) {
    return container.json().object("lifecycle").has("postStart");
  }

  /** Runs the postStart hook on a thread of its own; its end comes back through the mailbox. */
  void beginPostStart(ContainerView container, String containerId) {
    JsonObject hook = container.json().object("lifecycle", "postStart");
    Thread.ofVirtual()
        .name("postStart " + container.name())
        .start(
            () ->
                mailbox.hook(
                    containerId,
                    LifecycleHook.run(
                        services.runtime(),
                        containerId,
                        () -> context.address().orElse(""),
                        container.json(),
                        hook,
                        HOOK_TIMEOUT)));
  }

  /** The container that an ephemeral one looks into. */
  private Optional<String> target(ContainerView container) throws ConfigurationException {
    Optional<String> name =
        container.json().string("targetContainerName").filter(n -> !n.isEmpty());
    if (name.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> id =
        services.runtime().containers().stream()
            .filter(c -> c.exit().isEmpty() && c.pid().isPresent())
            .filter(c -> context.pod().uid().equals(c.labels().get(ContainerStart.LABEL_POD_UID)))
            .filter(c -> name.get().equals(c.labels().get(ContainerStart.LABEL_CONTAINER)))
            .map(ContainerStatus::id)
            .findFirst();
    if (id.isEmpty()) {
      throw new ConfigurationException(
          "CreateContainerError", "unable to find target container " + name.get());
    }
    return id;
  }

  private ContainerStart.Prepared prepared(
      ContainerView container, String id, int attempt, PodImage.Here here)
      throws ConfigurationException {
    PodPaths paths = context.paths();
    return new ContainerStart.Prepared(
        id,
        context.sandbox().orElseThrow().id(),
        target(container),
        attempt,
        here.root().merged(),
        here.image().id(),
        here.image().config(),
        here.image().statusImageId(here.reference()),
        context.volumes(),
        context.files(),
        paths.container(container.name(), attempt),
        paths.log(container.name(), attempt),
        context.host());
  }

  private ContainerRecord imageMissing(
      ContainerView container, ContainerRecord record, PodImage.Missing missing) {
    event(container, EventRecorder.Type.WARNING, "Failed", "Error: " + missing.reason());
    return record.refused(
        new ContainerRecord.Waiting(
            missing.reason(), missing.message(), Optional.of(missing.wanted())),
        missing.retryAt());
  }

  /** Whether the record shows a pull that failed, and not yet that the next one waits. */
  static boolean hasFailedPull(ContainerRecord record) {
    return record.isWaitingFor("ErrImagePull") || record.isWaitingFor("RegistryUnavailable");
  }

  /** What a container that waits for its image shows between two attempts. */
  ContainerRecord backingOff(ContainerView container, ContainerRecord record) {
    Optional<WantedImage> image = record.waiting().flatMap(ContainerRecord.Waiting::image);
    String text =
        "Back-off pulling image \""
            + image.map(WantedImage::name).orElseGet(container::image)
            + "\"";
    services
        .events()
        .record(
            context.pod().object(),
            image.map(WantedImage::fieldPath).orElseGet(container::fieldPath),
            EventRecorder.Type.NORMAL,
            "BackOff",
            text);
    event(container, EventRecorder.Type.WARNING, "Failed", "Error: ImagePullBackOff");
    String why = record.waiting().map(w -> ": " + w.reason() + ": " + w.message()).orElse("");
    return record.waitingFor(new ContainerRecord.Waiting("ImagePullBackOff", text + why, image));
  }

  private ContainerRecord refused(
      ContainerView container, ContainerRecord record, String reason, String message) {
    event(container, EventRecorder.Type.WARNING, "Failed", "Error: " + message);
    return record.refused(new ContainerRecord.Waiting(reason, message), retryAt(record));
  }

  private Instant retryAt(ContainerRecord record) {
    Duration wait = Duration.ofSeconds(1L << Math.min(record.refusals(), 4));
    return services.clock().instant().plus(wait.compareTo(MAX_RETRY) > 0 ? MAX_RETRY : wait);
  }

  private void event(
      ContainerView container, EventRecorder.Type type, String reason, String message) {
    services.events().record(context.pod().object(), container.fieldPath(), type, reason, message);
  }
}
