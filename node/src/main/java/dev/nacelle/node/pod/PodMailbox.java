package dev.nacelle.node.pod;

import dev.nacelle.runtime.ContainerStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a pod's worker has yet to hear: of each thing the newest, so its size is bounded by the
 * containers of the pod. Anybody posts, the worker takes.
 */
final class PodMailbox {

  /** A liveness or startup probe failed for good. */
  record Unhealthy(String containerId, String message) {}

  /** All that came since the last time. */
  record Mail(
      Optional<PodView> pod,
      boolean gone,
      List<ContainerStatus> containers,
      Map<String, ContainerRecord.ProbeState> probes,
      List<Unhealthy> unhealthy,
      boolean stopping) {}

  private Optional<PodView> pod = Optional.empty();
  private final Map<String, ContainerStatus> containers = new LinkedHashMap<>();
  private final Map<String, ContainerRecord.ProbeState> probes = new LinkedHashMap<>();
  private final Map<String, Unhealthy> unhealthy = new LinkedHashMap<>();
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

  synchronized void container(ContainerStatus status) {
    containers.put(status.id(), status);
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

  /** Look again: something the pod refers to changed. */
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
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        break;
      }
      wait(left);
    }
    var mail =
        new Mail(
            pod,
            gone,
            new ArrayList<>(containers.values()),
            Map.copyOf(probes),
            List.copyOf(unhealthy.values()),
            stopping);
    pod = Optional.empty();
    containers.clear();
    probes.clear();
    unhealthy.clear();
    poked = false;
    return mail;
  }

  private boolean isEmpty() {
    return pod.isEmpty()
        && containers.isEmpty()
        && probes.isEmpty()
        && unhealthy.isEmpty()
        && !poked
        && !gone
        && !stopping;
  }
}
