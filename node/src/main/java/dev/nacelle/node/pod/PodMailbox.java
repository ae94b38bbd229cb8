package dev.nacelle.node.pod;

import dev.nacelle.runtime.ContainerStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a pod's worker has yet to hear: of each thing the newest, so its size is bounded by the
 * containers of the pod. Anybody posts, the worker takes.
 */
final class PodMailbox {

  /**
   * A liveness or startup probe failed for good.
   *
   * @param grace the probe's own, in place of the pod's
   */
  record Unhealthy(String containerId, String message, Optional<Duration> grace) {}

  /** All that came since the last time. */
  record Mail(
      Optional<PodView> pod,
      boolean gone,
      List<ContainerStatus> containers,
      Map<String, ContainerRecord.ProbeState> probes,
      List<Unhealthy> unhealthy,
      Map<String, Optional<String>> hooks,
      boolean referencesChanged,
      boolean stopping) {}

  private Optional<PodView> pod = Optional.empty();
  private final Map<String, ContainerStatus> containers = new LinkedHashMap<>();
  private final Map<String, ContainerRecord.ProbeState> probes = new LinkedHashMap<>();
  private final Map<String, Unhealthy> unhealthy = new LinkedHashMap<>();
  private final Map<String, Optional<String>> hooks = new LinkedHashMap<>();
  private boolean referencesChanged;
  private boolean gone;
  private boolean poked;
  private boolean stopping;

  /** The object changed. */
  synchronized void pod(PodView next) {
    pod = Optional.of(next);
    notifyAll();
  }

  /** The object is no more. */
  synchronized void gone() {
    gone = true;
    notifyAll();
  }

  /** The runtime saw a change; an end is not overwritten by what was seen before it. */
  synchronized void container(ContainerStatus status) {
    containers.merge(status.id(), status, (known, next) -> known.exit().isPresent() ? known : next);
    notifyAll();
  }

  synchronized void probed(String containerId, ContainerRecord.ProbeState state) {
    probes.put(containerId, state);
    notifyAll();
  }

  synchronized void unhealthy(Unhealthy what) {
    unhealthy.put(what.containerId(), what);
    notifyAll();
  }

  /** The postStart hook of a container is over; with what went wrong, if anything. */
  synchronized void hook(String containerId, Optional<String> failure) {
    hooks.put(containerId, failure);
    notifyAll();
  }

  /** A ConfigMap or Secret that the pod refers to changed, or appeared. */
  synchronized void referencesChanged() {
    referencesChanged = true;
    notifyAll();
  }

  /** Look again. */
  synchronized void poke() {
    poked = true;
    notifyAll();
  }

  /** The platform stops; the pod runs on. */
  synchronized void stop() {
    stopping = true;
    notifyAll();
  }

  /** Waits for mail, at most so long, and takes all of it; it may be empty. */
  synchronized Mail take(Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    while (isEmpty()) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        break;
      }
      // rounded up, so that the last part of a millisecond is not spent turning
      wait(left / 1_000_000 + 1);
    }
    var mail =
        new Mail(
            pod,
            gone,
            List.copyOf(containers.values()),
            Map.copyOf(probes),
            List.copyOf(unhealthy.values()),
            Map.copyOf(hooks),
            referencesChanged,
            stopping);
    pod = Optional.empty();
    containers.clear();
    probes.clear();
    unhealthy.clear();
    hooks.clear();
    referencesChanged = false;
    poked = false;
    return mail;
  }

  private boolean isEmpty() {
    return pod.isEmpty()
        && containers.isEmpty()
        && probes.isEmpty()
        && unhealthy.isEmpty()
        && hooks.isEmpty()
        && !referencesChanged
        && !poked
        && !gone
        && !stopping;
  }
}
