package dev.nacelle.node.pod;

import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerStatus;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known of the containers of one pod. For the pod's worker alone. */
final class ContainerRecords {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerRecords.class);

  private static final Duration RECHECK = Duration.ofMinutes(1);

  private final PodContext context;
  private final ContainerStops stops;
  private final Map<String, ContainerRecord> records = new LinkedHashMap<>();
  private final Map<String, Instant> failedAt = new HashMap<>();
  private final Map<String, Integer> toldOf = new HashMap<>();
  private final Set<String> inHook = new HashSet<>();
  private Instant checkedAt;

  ContainerRecords(PodContext context, ContainerStops stops) {
    this.context = context;
    this.stops = stops;
    this.checkedAt = context.services().clock().instant();
  }

  /** By name; live. */
  Map<String, ContainerRecord> all() {
    return records;
  }

  ContainerRecord get(ContainerView container) {
    return records.getOrDefault(container.name(), ContainerRecord.NEW);
  }

  /** The container whose present attempt has that id. */
  Optional<ContainerView> of(String containerId) {
    return context.pod().containers().stream().filter(c -> get(c).isOf(containerId)).findFirst();
  }

  /**
   * @param containers all of the pod that the runtime knows, the newest attempts first
   */
  void adopt(List<ContainerStatus> containers) {
    Instant now = context.services().clock().instant();
    for (ContainerView view : context.pod().containers()) {
      List<ContainerStatus> attempts =
          containers.stream()
              .filter(c -> view.name().equals(c.labels().get(ContainerStart.LABEL_CONTAINER)))
              .toList();
      Optional<ContainerRecord> known =
          attempts.isEmpty() ? Optional.empty() : Optional.of(adopted(view, attempts));
      StatusRecords.restore(context.pod(), view.name(), known, now)
          .ifPresent(record -> records.put(view.name(), record));
    }
  }

  private ContainerRecord adopted(ContainerView view, List<ContainerStatus> attempts) {
    var record = ContainerRecord.NEW;
    for (ContainerStatus status : attempts.stream().limit(2).toList().reversed()) {
      String image = status.labels().getOrDefault(ContainerStart.LABEL_IMAGE, "");
      record = record.startedAs(status, status.attempt(), image);
      if (status.exit().isPresent()) {
        record = ended(view, record, status);
      }
    }
    return record;
  }

  /** Takes in what the runtime and the probes have seen. */
  void take(PodMailbox.Mail mail) {
    for (ContainerStatus status : mail.containers()) {
      of(status.id()).ifPresent(view -> see(view, status));
    }
    mail.probes()
        .forEach(
            (id, state) ->
                of(id)
                    .filter(c -> get(c).isRunning())
                    .ifPresent(view -> replace(view, get(view).probed(state))));
  }

  /**
   * Asks the runtime for what runs, once in a while: an end that was missed would else never be
   * known.
   */
  void recheck() {
    Instant now = context.services().clock().instant();
    if (now.isBefore(checkedAt.plus(RECHECK))) {
      return;
    }
    checkedAt = now;
    for (ContainerView view : context.pod().containers()) {
      get(view)
          .status()
          .filter(s -> s.state() == ContainerStatus.State.RUNNING)
          .ifPresent(
              s ->
                  see(
                      view,
                      context
                          .services()
                          .runtime()
                          .container(s.id())
                          .orElseGet(() -> StatusRecords.lost(s, now))));
    }
  }

  private void see(ContainerView view, ContainerStatus status) {
    ContainerRecord record = get(view);
    if (record.hasExited()) {
      // told twice, or late
      return;
    }
    if (status.exit().isPresent()) {
      stops.ended(status.id());
      inHook.remove(status.id());
      replace(view, ended(view, record, status));
    } else {
      replace(view, record.seen(status));
    }
  }

  /** A start was tried. */
  void put(ContainerView view, ContainerRecord before, ContainerRecord after) {
    if (after.refusals() > before.refusals()) {
      failedAt.put(view.name(), context.services().clock().instant());
    }
    boolean another = after.current().filter(c -> !before.isOf(c.id())).isPresent();
    replace(
        view,
        another && after.hasExited() ? ended(view, after, after.status().orElseThrow()) : after);
    if (another) {
      dropOldAttempt(view);
    }
  }

  void replace(ContainerView view, ContainerRecord record) {
    records.put(view.name(), record);
  }

  /** When a start was refused last. */
  Instant failedAt(ContainerView view) {
    return failedAt.getOrDefault(view.name(), Instant.MIN);
  }

  /** What was refused for something that it refers to is worth another try. */
  void retryRefused() {
    records.replaceAll((name, r) -> waitsForConfiguration(r) ? r.retryingNow() : r);
  }

  /** A container that has another image now, and does not run, is worth another try. */
  void retryChanged(PodView before, PodView after) {
    for (ContainerView view : after.containers()) {
      ContainerRecord record = get(view);
      boolean changed =
          before.container(view.name()).filter(b -> !b.image().equals(view.image())).isPresent();
      if (changed && !record.isRunning()) {
        replace(view, record.retryingNow());
      }
    }
  }

  boolean waitsForConfiguration() {
    return records.values().stream().anyMatch(ContainerRecords::waitsForConfiguration);
  }

  private static boolean waitsForConfiguration(ContainerRecord record) {
    return record.isWaitingFor("CreateContainerConfigError");
  }

  /** True once for each time that a container waits. */
  boolean tellsFirst(ContainerView view) {
    int attempt = get(view).restarts();
    return !Integer.valueOf(attempt).equals(toldOf.put(view.name(), attempt));
  }

  void beginHook(String containerId) {
    inHook.add(containerId);
  }

  void endHook(String containerId) {
    inHook.remove(containerId);
  }

  boolean isInHook() {
    return !inHook.isEmpty();
  }

  /** Whether the postStart hook of that attempt still runs. */
  boolean isInHook(String containerId) {
    return inHook.contains(containerId);
  }

  /** All that may still be there of the pod's containers. */
  List<String> containerIds() {
    var result = new ArrayList<String>();
    for (ContainerView view : context.pod().containers()) {
      int newest = get(view).restarts();
      for (int attempt = Math.max(0, newest - 2); attempt <= newest + 1; attempt++) {
        result.add(PodPaths.containerId(context.pod().uid(), view.name(), attempt));
      }
    }
    return result;
  }

  private ContainerRecord ended(
      ContainerView view, ContainerRecord record, ContainerStatus status) {
    int failures = PodPlan.failuresAfter(record.failures(), status);
    String message = TerminationMessage.read(context.services(), context.pod(), view, status);
    Instant next = status.exit().orElseThrow().finishedAt().plus(PodPlan.backoff(failures));
    return record.ended(status, message, failures, next);
  }

  /** Keeps the present attempt and the one before, for {@code logs --previous}. */
  private void dropOldAttempt(ContainerView view) {
    int old = get(view).restarts() - 2;
    if (old < 0) {
      return;
    }
    String id = PodPaths.containerId(context.pod().uid(), view.name(), old);
    try {
      context.services().runtime().removeContainer(id);
      context.services().images().unmount(id);
      context.paths().deleteLogs(view.name(), old);
    } catch (RuntimeException | IOException e) {
      LOG.warn("cannot remove an old attempt of {}: {}", view.name(), e.toString());
    }
  }
}
