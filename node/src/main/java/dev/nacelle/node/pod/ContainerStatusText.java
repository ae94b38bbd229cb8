package dev.nacelle.node.pod;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ContainerStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Builds one entry of {@code containerStatuses}. Pure. */
final class ContainerStatusText {
  private static final String SCHEME = "nacelle://";

  private final PodStatus.Facts facts;

  ContainerStatusText(PodStatus.Facts facts) {
    this.facts = facts;
  }

  boolean isReady(ContainerRecord record) {
    return record.isRunning() && record.probes().ready();
  }

  JsonObject status(ContainerView container, ContainerRecord record, String phase) {
    boolean initDone =
        container.role() == ContainerView.Role.INIT
            && record.exitCode().filter(c -> c == 0).isPresent();
    Optional<Instant> crashLoop = Optional.ofNullable(facts.crashLoops().get(container.name()));
    JsonObject state = state(container, record, crashLoop, phase);
    JsonObject last = lastState(record, state);
    var status =
        JsonObject.builder()
            .put("name", container.name())
            .put("state", state)
            .put("lastState", last)
            .put("ready", initDone || isReady(record))
            .put("restartCount", record.restarts())
            .put("image", container.image())
            .put("imageID", record.imageId());
    record.current().ifPresent(c -> status.put("containerID", SCHEME + c.id()));
    status.put("started", record.isRunning() && record.probes().started());
    JsonObject resources = container.json().object("resources");
    if (record.isRunning() && !resources.isEmpty()) {
      if (!resources.object("requests").isEmpty()) {
        status.put("allocatedResources", resources.object("requests"));
      }
      status.put("resources", resources);
    }
    return status.build();
  }

  private JsonObject state(
      ContainerView container, ContainerRecord record, Optional<Instant> crashLoop, String phase) {
    if (record.isRunning()) {
      String since =
          KubeObject.formatTime(
              record.current().flatMap(ContainerStatus::startedAt).orElse(facts.now()));
      return JsonObject.EMPTY.withAt(Json.of(since), "running", "startedAt");
    }
    boolean over = phase.equals("Succeeded") || phase.equals("Failed");
    if (crashLoop.isPresent() && record.hasExited() && !over) {
      Duration wait = PodPlan.backoff(record.failures());
      return waiting(
          "CrashLoopBackOff",
          "back-off "
              + text(wait)
              + " restarting failed container="
              + container.name()
              + " pod="
              + facts.pod().fullName());
    }
    if (record.waiting().isPresent() && !over) {
      return waiting(record.waiting().get().reason(), record.waiting().get().message());
    }
    if (record.hasExited()) {
      return JsonObject.EMPTY.with(
          "terminated", terminated(record.current().orElseThrow(), record.message()));
    }
    if (facts.failure().isPresent()) {
      return waiting("ContainerCreating", "");
    }
    boolean initializing =
        container.role() != ContainerView.Role.INIT
            && facts.pod().initContainers().findAny().isPresent();
    return waiting(initializing ? "PodInitializing" : "ContainerCreating", "");
  }

  private static JsonObject lastState(ContainerRecord record, JsonObject state) {
    if (record.hasExited() && !state.has("terminated")) {
      return JsonObject.EMPTY.with(
          "terminated", terminated(record.current().orElseThrow(), record.message()));
    }
    return record
        .previous()
        .filter(p -> p.exit().isPresent())
        .map(p -> JsonObject.EMPTY.with("terminated", terminated(p, record.previousMessage())))
        .orElse(JsonObject.EMPTY);
  }

  private static JsonObject terminated(ContainerStatus container, String message) {
    var exit = container.exit().orElseThrow();
    var result = JsonObject.builder().put("exitCode", exit.code());
    exit.signal().ifPresent(s -> result.put("signal", s));
    result.put("reason", exit.reason().word());
    String text = message.isEmpty() ? exit.message() : message;
    if (!text.isEmpty()) {
      result.put("message", text);
    }
    Instant started = container.startedAt().orElse(container.createdAt());
    return result
        .put("startedAt", KubeObject.formatTime(started))
        .put("finishedAt", KubeObject.formatTime(exit.finishedAt()))
        .put("containerID", SCHEME + container.id())
        .build();
  }

  private static JsonObject waiting(String reason, String message) {
    var builder = JsonObject.builder().put("reason", reason);
    if (!message.isEmpty()) {
      builder.put("message", message);
    }
    return JsonObject.EMPTY.with("waiting", builder.build());
  }

  /** As Go prints a duration of whole seconds: 10s, 2m40s, 5m0s. */
  private static String text(Duration duration) {
    long minutes = duration.toMinutes();
    return (minutes > 0 ? minutes + "m" : "") + duration.toSecondsPart() + "s";
  }
}
