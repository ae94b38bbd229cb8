package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.HumanDuration;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A pod in the words of {@code kubectl get pods}: how many containers are ready, one reason, the
 * restarts. Follows upstream's {@code printPod} case by case. For one thread.
 */
final class PodSummary {
  private final KubeObject pod;
  private final Set<String> sidecars = new HashSet<>();
  private String reason;
  private long restartCount;
  private long sidecarRestarts;
  private Instant lastRestart = Instant.MIN;
  private Instant lastSidecarRestart = Instant.MIN;
  private int readyContainers;
  private int totalContainers;

  private PodSummary(KubeObject pod) {
    this.pod = pod;
    String phase = pod.status().string("phase").orElse("");
    this.reason = text(pod.status(), "reason").orElse(phase);
    Cells.condition(conditions(), "PodScheduled")
        .flatMap(condition -> condition.string("reason"))
        .filter("SchedulingGated"::equals)
        .ifPresent(gated -> reason = gated);
    count();
    boolean initializing = readInitContainers();
    if (!initializing || Cells.isConditionTrue(conditions(), "Initialized")) {
      readContainers();
    }
    if (pod.isBeingDeleted()) {
      if (pod.status().string("reason").orElse("").equals("NodeLost")) {
        reason = "Unknown";
      } else if (!phase.equals("Succeeded") && !phase.equals("Failed")) {
        reason = "Terminating";
      }
    }
  }

  static PodSummary of(KubeObject pod) {
    return new PodSummary(pod);
  }

  String ready() {
    return readyContainers + "/" + totalContainers;
  }

  String reason() {
    return reason;
  }

  String restarts(Instant now) {
    return restartCount == 0 || lastRestart.equals(Instant.MIN)
        ? Long.toString(restartCount)
        : restartCount + " (" + HumanDuration.of(Duration.between(lastRestart, now)) + " ago)";
  }

  private JsonArray conditions() {
    return pod.status().array("conditions");
  }

  private void count() {
    totalContainers = pod.spec().array("containers").size();
    pod.spec()
        .array("initContainers")
        .objects()
        .filter(container -> container.string("restartPolicy").orElse("").equals("Always"))
        .forEach(
            container -> {
              sidecars.add(container.string("name").orElse(""));
              totalContainers++;
            });
  }

  /** Whether an init container is still under way or has failed. */
  private boolean readInitContainers() {
    int index = -1;
    for (JsonObject status : pod.status().array("initContainerStatuses").objects().toList()) {
      index++;
      boolean sidecar = sidecars.contains(status.string("name").orElse(""));
      long restarts = status.integer("restartCount").orElse(0);
      Instant ended = lastEnd(status);
      restartCount += restarts;
      lastRestart = later(lastRestart, ended);
      if (sidecar) {
        sidecarRestarts += restarts;
        lastSidecarRestart = later(lastSidecarRestart, ended);
      }
      JsonObject state = status.object("state");
      if (state.has("terminated") && exitCode(state) == 0) {
        continue;
      }
      if (sidecar && status.bool("started").orElse(false)) {
        readyContainers += status.bool("ready").orElse(false) ? 1 : 0;
        continue;
      }
      reason = "Init:" + initReason(state, index);
      return true;
    }
    return false;
  }

  private String initReason(JsonObject state, int index) {
    if (state.has("terminated")) {
      return ended(state);
    }
    Optional<String> waiting = text(state.object("waiting"), "reason");
    return waiting
        .filter(word -> !word.equals("PodInitializing"))
        .orElseGet(() -> index + "/" + pod.spec().array("initContainers").size());
  }

  private void readContainers() {
    restartCount = sidecarRestarts;
    lastRestart = lastSidecarRestart;
    boolean running = false;
    List<JsonObject> statuses = pod.status().array("containerStatuses").objects().toList();
    for (JsonObject status : statuses.reversed()) {
      restartCount += status.integer("restartCount").orElse(0);
      lastRestart = later(lastRestart, lastEnd(status));
      JsonObject state = status.object("state");
      Optional<String> waiting = text(state.object("waiting"), "reason");
      if (waiting.isPresent()) {
        reason = waiting.get();
      } else if (state.has("terminated")) {
        reason = ended(state);
      } else if (status.bool("ready").orElse(false) && state.has("running")) {
        running = true;
        readyContainers++;
      }
    }
    if (reason.equals("Completed") && running) {
      reason = Cells.isConditionTrue(conditions(), "Ready") ? "Running" : "NotReady";
    }
  }

  private static String ended(JsonObject state) {
    JsonObject terminated = state.object("terminated");
    long signal = terminated.integer("signal").orElse(0);
    return text(terminated, "reason")
        .orElseGet(() -> signal != 0 ? "Signal:" + signal : "ExitCode:" + exitCode(state));
  }

  private static long exitCode(JsonObject state) {
    return state.integer("terminated", "exitCode").orElse(0);
  }

  private static Instant lastEnd(JsonObject status) {
    return new KubeObject(status)
        .instant("lastState", "terminated", "finishedAt")
        .orElse(Instant.MIN);
  }

  private static Instant later(Instant a, Instant b) {
    return a.isBefore(b) ? b : a;
  }

  private static Optional<String> text(JsonObject object, String name) {
    return object.string(name).filter(value -> !value.isEmpty());
  }
}
