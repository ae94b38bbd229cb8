package dev.nacelle.node.pod;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageReference;
import dev.nacelle.node.probe.LifecycleHook;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a pod: its containers stop within the grace period, everything on this host is
 * released, the object goes.
 */
final class PodTermination {
  private static final Logger LOG = LoggerFactory.getLogger(PodTermination.class);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final int MAX_TRIES = 10;

  private final PodContext context;
  private final NodeServices services;
  private final Map<String, ContainerRecord> records;
  private final ContainerWatch watches;
  private final PodMailbox mailbox;
  private final Runnable publish;

  PodTermination(
      PodContext context,
      Map<String, ContainerRecord> records,
      ContainerWatch watches,
      PodMailbox mailbox,
      Runnable publish) {
    this.context = context;
    this.services = context.services();
    this.records = records;
    this.watches = watches;
    this.mailbox = mailbox;
    this.publish = publish;
  }

  /**
   * @param objectGone whether the object is no more: nothing is left to report to
   */
  void run(boolean objectGone) throws InterruptedException {
    watches.close();
    List<ContainerView> running =
        context.pod().containers().stream()
            .filter(c -> records.getOrDefault(c.name(), ContainerRecord.NEW).isRunning())
            .toList();
    stopAll(running.stream().filter(c -> c.role() != ContainerView.Role.SIDECAR).toList());
    stopAll(
        running.stream().filter(c -> c.role() == ContainerView.Role.SIDECAR).toList().reversed());
    if (!objectGone) {
      publish.run();
    }
    for (int attempt = 1; !release() && attempt < MAX_TRIES; attempt++) {
      Thread.sleep(LOOK.multipliedBy(attempt));
    }
    if (!objectGone) {
      delete();
    }
  }

  /** Stops containers side by side; a shorter grace that comes meanwhile counts at once. */
  private void stopAll(List<ContainerView> containers) throws InterruptedException {
    var done = new ConcurrentHashMap<String, ContainerStatus>();
    var threads = new ArrayList<Thread>();
    Duration grace = context.pod().gracePeriod();
    for (ContainerView container : containers) {
      services
          .events()
          .record(
              context.pod().object(),
              container.fieldPath(),
              EventRecorder.Type.NORMAL,
              "Killing",
              "Stopping container " + container.name());
      threads.add(stopApart(container, grace, done));
    }
    while (threads.stream().anyMatch(Thread::isAlive)) {
      PodMailbox.Mail mail = mailbox.take(Duration.ofMillis(10));
      mail.pod().ifPresent(context::pod);
      if (context.pod().gracePeriod().compareTo(grace) < 0) {
        grace = context.pod().gracePeriod();
        for (ContainerView container : containers) {
          if (!done.containsKey(container.name())) {
            threads.add(stopApart(container, grace, done));
          }
        }
      }
    }
    for (ContainerView container : containers) {
      Optional.ofNullable(done.get(container.name()))
          .ifPresent(
              status ->
                  records.computeIfPresent(
                      container.name(),
                      (n, record) ->
                          record
                              .seen(status)
                              .saying(
                                  TerminationMessage.read(
                                      services, context.pod(), container, status))));
    }
  }

  private Thread stopApart(
      ContainerView container, Duration grace, Map<String, ContainerStatus> done) {
    ContainerRecord record = records.getOrDefault(container.name(), ContainerRecord.NEW);
    return Thread.ofVirtual()
        .name("stop " + container.name())
        .start(
            () ->
                stop(context, container, record, grace)
                    .ifPresent(status -> done.put(container.name(), status)));
  }

  /** Runs the preStop hook, then asks the container to end, then kills it; all within the grace. */
  static Optional<ContainerStatus> stop(
      PodContext context, ContainerView container, ContainerRecord record, Duration grace) {
    NodeServices services = context.services();
    String id = record.current().orElseThrow().id();
    Duration left = grace;
    if (!grace.isZero() && container.json().object("lifecycle").has("preStop")) {
      long began = System.nanoTime();
      LifecycleHook.run(
              services.runtime(),
              id,
              () -> context.address().orElse(""),
              container.json(),
              container.json().object("lifecycle", "preStop"),
              grace)
          .ifPresent(
              why ->
                  services
                      .events()
                      .record(
                          context.pod().object(),
                          container.fieldPath(),
                          EventRecorder.Type.WARNING,
                          "FailedPreStopHook",
                          "PreStopHook failed: " + why));
      left = grace.minusNanos(System.nanoTime() - began);
      left = left.compareTo(Duration.ofSeconds(2)) < 0 ? Duration.ofSeconds(2) : left;
    }
    int signal = stopSignal(services, container);
    for (int attempt = 0; attempt < MAX_TRIES; attempt++) {
      try {
        return services.runtime().stopContainer(id, left, signal);
      } catch (ContainerRuntimeException e) {
        LOG.warn("cannot stop container {} yet: {}", container.name(), e.getMessage());
        if (e.reason() != ContainerRuntimeException.Reason.UNAVAILABLE) {
          return services.runtime().container(id);
        }
      }
    }
    return services.runtime().container(id);
  }

  private static int stopSignal(NodeServices services, ContainerView container) {
    Optional<String> own = container.json().string("lifecycle", "stopSignal");
    try {
      return own.map(ContainerLauncher::signal)
          .orElseGet(
              () ->
                  ContainerLauncher.stopSignal(
                      services.images().resolve(ImageReference.parse(container.image()))));
    } catch (ImageException e) {
      return ContainerLauncher.signal("SIGTERM");
    }
  }

  /** Releases all that the pod has on this host; false if something must be tried again. */
  private boolean release() {
    try {
      String uid = context.pod().uid();
      for (ContainerView container : context.pod().containers()) {
        ContainerRecord record = records.getOrDefault(container.name(), ContainerRecord.NEW);
        for (int attempt = Math.max(0, record.restarts() - 2);
            attempt <= record.restarts();
            attempt++) {
          String id = ContainerLauncher.containerId(uid, container.name(), attempt);
          services.runtime().removeContainer(id);
          services.images().unmount(id);
        }
      }
      for (PodStep step : PodSteps.ALL.reversed()) {
        step.cleanup(context);
      }
      deleteTree(ContainerLauncher.logDirectory(services, context.pod()));
      return true;
    } catch (RuntimeException | IOException e) {
      LOG.warn("pod {} is not all released: {}", context.pod().object().key(), e.toString());
      return false;
    }
  }

  private void delete() {
    try {
      services
          .client()
          .delete(
              Resources.PODS,
              context.pod().object().key(),
              DeleteOptions.DEFAULT.withGrace(0).onlyUid(context.pod().uid()));
    } catch (ApiException e) {
      if (!e.isNotFound() && e.code() != 409) {
        LOG.warn("cannot delete pod {}: {}", context.pod().object().key(), e.getMessage());
      }
    }
  }

  private static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(tree)) {
      for (Path path : (Iterable<Path>) walk.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(path);
      }
    }
  }
}
