package dev.nacelle.node;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.image.ImageStore;
import dev.nacelle.node.pod.NodeServices;
import dev.nacelle.node.pod.PodWorker;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.volume.ImageVolumes;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.RuntimeEvent;
import dev.nacelle.runtime.RuntimeEvents;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings what happens in the runtime to the workers it matters to. One virtual thread. */
final class RuntimeFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RuntimeFollower.class);
  private static final Duration POLL = Duration.ofSeconds(5);

  private final NodeServices services;
  private final Function<String, Optional<PodWorker>> workers;
  private final Supplier<KubeObject> node;
  private final RuntimeEvents events;
  private final ImageStore.Subscription fillFailures;
  private final ReadFailures readFailures = new ReadFailures();
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Opens the watch, so that nothing falls between it and a list made after this.
   *
   * @param workers by pod UID
   * @param node the subject of events that are of no pod
   */
  RuntimeFollower(
      NodeServices services,
      Function<String, Optional<PodWorker>> workers,
      Supplier<KubeObject> node) {
    this.services = services;
    this.workers = workers;
    this.node = node;
    this.events = services.runtime().events();
    this.fillFailures = services.images().onFillFailure(this::readFailed);
    this.thread = Thread.ofVirtual().name("node events").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    fillFailures.close();
    events.close();
  }

  private void run() {
    try {
      while (!closed) {
        Optional<RuntimeEvent> event = events.next(POLL);
        try {
          event.ifPresent(this::handle);
          readFailures.due(services.clock().instant()).forEach(this::tellOfReads);
        } catch (RuntimeException e) {
          LOG.warn("an event of the runtime was not handled: {}", e.toString());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void handle(RuntimeEvent event) {
    switch (event) {
      case RuntimeEvent.ContainerExited exited -> tell(exited.status());
      case RuntimeEvent.FirstOutput output ->
          output
              .status()
              .firstOutputAt()
              .ifPresent(
                  at -> services.timeline().mark(uid(output.status().labels()), "firstOutput", at));
      case RuntimeEvent.MonitorReplaced replaced -> {
        LOG.warn(
            "monitor of container {} was replaced: {}", replaced.containerId(), replaced.message());
        services
            .runtime()
            .container(replaced.containerId())
            .ifPresent(container -> warn(container, "MonitorReplaced", replaced.message()));
      }
      case RuntimeEvent.KeeperReplaced replaced -> {
        LOG.warn("keeper was replaced: {}", replaced.message());
        services
            .events()
            .warning(
                node.get(),
                "KeeperReplaced",
                "The keeper died and was replaced: " + replaced.message());
      }
      case RuntimeEvent.EventsDropped dropped ->
          services.runtime().containers().forEach(this::tell);
    }
  }

  private void readFailed(Set<String> ids, String message) {
    for (String id : ids) {
      readFailures
          .failed(id, message, services.clock().instant())
          .ifPresent(text -> tellOfReads(id, text));
    }
  }

  /**
   * @param id of a container, or of an image that a pod has as a volume
   */
  private void tellOfReads(String id, String what) {
    ImageVolumes.podUid(id)
        .flatMap(workers)
        .ifPresentOrElse(
            worker -> warn(worker, "FailedRead", "Volume " + volume(worker, id) + ": " + what),
            () -> services.runtime().container(id).ifPresent(c -> warn(c, "FailedRead", what)));
  }

  private static String volume(PodWorker worker, String id) {
    return worker
        .pod()
        .imageVolumes()
        .map(v -> v.string("name").orElse(""))
        .filter(name -> ImageVolumes.id(worker.pod().uid(), name).equals(id))
        .findFirst()
        .orElse("");
  }

  /** An event of the container's pod. */
  private void warn(ContainerStatus container, String reason, String what) {
    String name = container.labels().getOrDefault(ContainerStart.LABEL_CONTAINER, "");
    workers
        .apply(uid(container.labels()))
        .ifPresent(worker -> warn(worker, reason, "Container " + name + ": " + what));
  }

  private void warn(PodWorker worker, String reason, String message) {
    services.events().warning(worker.pod().object(), reason, message);
  }

  private void tell(ContainerStatus status) {
    workers.apply(uid(status.labels())).ifPresent(worker -> worker.container(status));
  }

  static String uid(Map<String, String> labels) {
    return labels.getOrDefault(ContainerStart.LABEL_POD_UID, "");
  }
}
