package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageReference;
import dev.nacelle.node.probe.LifecycleHook;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends containers of one pod, each on a thread of its own; the end comes back through the mailbox.
 * A shorter grace that comes later counts at once. Called by the pod's worker alone.
 */
final class ContainerStops {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerStops.class);
  private static final Duration LEAST = Duration.ofSeconds(2);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final int MOST_LOOKS = 25;

  private final PodContext context;
  private final PodMailbox mailbox;

  /** The shortest grace that each container was given. */
  private final Map<String, Duration> underWay = new HashMap<>();

  ContainerStops(PodContext context, PodMailbox mailbox) {
    this.context = context;
    this.mailbox = mailbox;
  }

  /**
   * Begins to stop a running container: the preStop hook, its signal, then the kill, all within the
   * grace. Nothing happens if it is being stopped already with no longer a grace.
   *
   * @param why the message of the event
   */
  void begin(ContainerView container, ContainerRecord record, Duration grace, String why) {
    String id = record.current().orElseThrow().id();
    Duration known = underWay.get(id);
    if (known != null && known.compareTo(grace) <= 0) {
      return;
    }
    underWay.put(id, grace);
    if (known == null) {
      event(container, EventRecorder.Type.NORMAL, "Killing", why);
    }
    Thread.ofVirtual()
        .name("stop " + container.name())
        .start(() -> stop(container, record.status().orElseThrow(), grace, known == null));
  }

  boolean isUnderWay(String containerId) {
    return underWay.containsKey(containerId);
  }

  /** The container has ended. */
  void ended(String containerId) {
    underWay.remove(containerId);
  }

  private void stop(ContainerView container, ContainerStatus last, Duration grace, boolean first) {
    String id = last.id();
    JsonObject hook = container.json().object("lifecycle", "preStop");
    Duration left = grace;
    if (first && !hook.isEmpty() && !grace.isZero()) {
      long began = System.nanoTime();
      runHook(container, id, hook, grace);
      left = grace.minusNanos(System.nanoTime() - began);
      left = left.compareTo(LEAST) < 0 ? LEAST : left;
    }
    NodeServices services = context.services();
    int signal = stopSignal(container);
    for (int attempt = 1; ; attempt++) {
      try {
        mailbox.container(
            services
                .runtime()
                .stopContainer(id, left, signal)
                .orElseGet(() -> StatusRecords.lost(last, services.clock().instant())));
        return;
      } catch (ContainerRuntimeException e) {
        LOG.warn("cannot stop container {} yet: {}", container.name(), e.getMessage());
      }
      try {
        Thread.sleep(LOOK.multipliedBy(Math.min(attempt, MOST_LOOKS)));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void runHook(ContainerView container, String id, JsonObject hook, Duration grace) {
    LifecycleHook.run(
            context.services().runtime(),
            id,
            () -> context.address().orElse(""),
            container.json(),
            hook,
            grace)
        .ifPresent(
            failure ->
                event(
                    container,
                    EventRecorder.Type.WARNING,
                    "FailedPreStopHook",
                    "PreStopHook failed: " + failure));
  }

  /** What the pod says, else the image, else SIGTERM. */
  private int stopSignal(ContainerView container) {
    try {
      Optional<String> name =
          container
              .json()
              .string("lifecycle", "stopSignal")
              .or(
                  () ->
                      context
                          .services()
                          .images()
                          .resolve(ImageReference.parse(container.image()))
                          .flatMap(i -> i.config().stopSignal()));
      return Signals.number(name.orElse("SIGTERM"));
    } catch (ImageException e) {
      return Signals.SIGTERM;
    }
  }

  private void event(ContainerView container, EventRecorder.Type type, String reason, String text) {
    context
        .services()
        .events()
        .record(context.pod().object(), container.fieldPath(), type, reason, text);
  }
}
