package dev.nacelle.node;

import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Histogram;
import dev.nacelle.base.metrics.Metrics;
import java.time.Duration;

/** What the node counts of itself, by the kubelet's names. Safe for any thread. */
public final class NodeMetrics {
  private static final double[] START_SECONDS = {
    0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240,
    300, 360, 480, 600, 900, 1200, 1800, 2700, 3600
  };

  private final Histogram podStart;
  private final Counter startedPods;
  private final Counter startedContainers;
  private final Counter startErrors;

  /**
   * @throws IllegalArgumentException if a node has registered with these metrics before
   */
  public NodeMetrics(Metrics metrics) {
    this.podStart =
        metrics.histogram(
            "kubelet_pod_start_duration_seconds",
            "Duration in seconds from the node's first sight of a pod to its running.",
            START_SECONDS);
    this.startedPods =
        metrics.counter("kubelet_started_pods_total", "Cumulative number of pods started.");
    this.startedContainers =
        metrics.counter(
            "kubelet_started_containers_total", "Cumulative number of containers started.");
    this.startErrors =
        metrics.counter(
            "kubelet_started_pods_errors_total", "Cumulative number of errors when starting pods.");
  }

  /** All containers of a pod have begun for the first time. */
  public void podRunning(Duration sinceFirstSight) {
    startedPods.increment();
    podStart.observe(sinceFirstSight);
  }

  /** One attempt of a container was started. */
  public void containerStarted() {
    startedContainers.increment();
  }

  /** What a pod needs could not be made. */
  public void podStartFailed() {
    startErrors.increment();
  }
}
