package dev.nacelle.node.pod;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Builds {@code status} of a pod as the kubelet writes it: a pure function of what the worker
 * knows.
 */
final class PodStatus {
  private static final String NOT_READY = "ContainersNotReady";

  /** All that a status is made of. */
  record Facts(
      PodView pod,
      Map<String, ContainerRecord> containers,
      Map<String, Instant> crashLoops,
      Optional<PodPlan.Terminal> terminal,
      Optional<Failure> failure,
      String hostAddress,
      Optional<String> podAddress,
      boolean sandboxReady,
      Optional<Instant> startedAt,
      Instant now) {}

  /** A pod that failed as a whole, for example by eviction or refusal. */
  record Failure(String reason, String message) {}

  private final Facts facts;
  private final ContainerStatusText texts;
  private final String phase;

  private PodStatus(Facts facts) {
    this.facts = facts;
    this.texts = new ContainerStatusText(facts);
    this.phase = phase();
  }

  /** The status, for a strategic merge patch. */
  static JsonObject of(Facts facts) {
    return new PodStatus(facts).build();
  }

  private JsonObject build() {
    var status =
        JsonObject.builder()
            .put("observedGeneration", facts.pod().object().generation())
            .put("phase", phase)
            .put("conditions", conditions())
            .put("hostIP", facts.hostAddress())
            .put("hostIPs", addresses(facts.hostAddress()));
    facts
        .podAddress()
        .ifPresent(address -> status.put("podIP", address).put("podIPs", addresses(address)));
    facts.startedAt().ifPresent(at -> status.put("startTime", KubeObject.formatTime(at)));
    facts.failure().ifPresent(f -> status.put("reason", f.reason()).put("message", f.message()));
    JsonArray init = statuses(facts.pod().initContainers().toList());
    if (!init.isEmpty()) {
      status.put("initContainerStatuses", init);
    }
    JsonArray ephemeral = statuses(facts.pod().ephemeralContainers().toList());
    if (!ephemeral.isEmpty()) {
      status.put("ephemeralContainerStatuses", ephemeral);
    }
    status.put(
        "containerStatuses",
        statuses(
            facts
                .pod()
                .regularContainers()
                .sorted(Comparator.comparing(ContainerView::name))
                .toList()));
    return status.build();
  }

  private JsonArray statuses(List<ContainerView> containers) {
    boolean over = phase.equals("Succeeded") || phase.equals("Failed");
    return new JsonArray(
        containers.stream().map(c -> (Json) texts.status(c, record(c), over)).toList());
  }

  private static JsonArray addresses(String address) {
    return JsonArray.of(JsonObject.builder().put("ip", address).build());
  }

  private String phase() {
    if (facts.failure().isPresent()) {
      return "Failed";
    }
    if (facts.terminal().isPresent()) {
      return facts.terminal().get() == PodPlan.Terminal.SUCCEEDED ? "Succeeded" : "Failed";
    }
    boolean allBegan =
        facts.pod().regularContainers().allMatch(c -> record(c).current().isPresent());
    return allBegan ? "Running" : "Pending";
  }

  /** The status of a pod that this host does not take. */
  static JsonObject rejected(PodView pod, Failure failure) {
    return JsonObject.builder()
        .put("observedGeneration", pod.object().generation())
        .put("phase", "Failed")
        .put("reason", failure.reason())
        .put("message", "Pod was rejected: " + failure.message())
        .build();
  }

  private JsonArray conditions() {
    Set<String> notInitialized =
        facts
            .pod()
            .initContainers()
            .filter(c -> !isInitialized(c))
            .map(ContainerView::name)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    boolean began = facts.pod().regularContainers().anyMatch(c -> record(c).current().isPresent());
    List<String> unready =
        Stream.concat(facts.pod().sidecars(), facts.pod().regularContainers())
            .filter(c -> !texts.isReady(record(c)))
            .map(ContainerView::name)
            .toList();
    JsonObject initialized =
        notInitialized.isEmpty() || began
            ? phase.equals("Succeeded")
                ? condition("Initialized", true, "PodCompleted", "")
                : condition("Initialized", true, "", "")
            : condition(
                "Initialized",
                false,
                "ContainersNotInitialized",
                "containers with incomplete status: " + bracketed(notInitialized));
    JsonObject containersReady = readiness("ContainersReady", unready);
    return JsonArray.of(
        condition(
            "PodReadyToStartContainers",
            facts.sandboxReady() && facts.terminal().isEmpty() && facts.failure().isEmpty(),
            "",
            ""),
        initialized,
        ready(containersReady, unready),
        containersReady,
        condition("PodScheduled", true, "", ""));
  }

  private boolean isInitialized(ContainerView container) {
    ContainerRecord record = record(container);
    return switch (container.role()) {
      case INIT -> record.exitCode().filter(code -> code == 0).isPresent();
      case SIDECAR -> record.probes().started();
      case REGULAR, EPHEMERAL -> true;
    };
  }

  private JsonObject readiness(String type, List<String> unready) {
    if (facts.failure().isPresent() || phase.equals("Failed")) {
      return condition(type, false, "PodFailed", "");
    }
    if (phase.equals("Succeeded")) {
      return condition(type, false, "PodCompleted", "");
    }
    return unready.isEmpty()
        ? condition(type, true, "", "")
        : condition(
            type, false, NOT_READY, "containers with unready status: " + bracketed(unready));
  }

  private JsonObject ready(JsonObject containersReady, List<String> unready) {
    List<String> gates =
        facts
            .pod()
            .spec()
            .array("readinessGates")
            .objects()
            .map(g -> g.string("conditionType").orElse(""))
            .filter(gate -> !oldCondition(gate).string("status").orElse("").equals("True"))
            .toList();
    if (containersReady.string("status").orElse("").equals("True") && !gates.isEmpty()) {
      return condition(
          "Ready",
          false,
          "ReadinessGatesNotReady",
          gates.stream()
              .map(
                  g ->
                      oldCondition(g).isEmpty()
                          ? "corresponding condition of pod readiness gate \""
                              + g
                              + "\" does not exist."
                          : "the status of pod readiness gate \""
                              + g
                              + "\" is not \"True\", but "
                              + oldCondition(g).string("status").orElse(""))
              .collect(Collectors.joining(", ")));
    }
    return readiness("Ready", unready);
  }

  private JsonObject condition(String type, boolean isTrue, String reason, String message) {
    String status = isTrue ? "True" : "False";
    JsonObject old = oldCondition(type);
    Json since =
        old.string("status").filter(status::equals).isPresent()
            ? old.get("lastTransitionTime")
                .orElseGet(() -> Json.of(KubeObject.formatTime(facts.now())))
            : Json.of(KubeObject.formatTime(facts.now()));
    return JsonObject.builder()
        .put("type", type)
        .put("observedGeneration", facts.pod().object().generation())
        .put("status", status)
        .put("lastProbeTime", Json.nullValue())
        .put("lastTransitionTime", since)
        .put("reason", reason.isEmpty() ? Json.nullValue() : Json.of(reason))
        .put("message", message.isEmpty() ? Json.nullValue() : Json.of(message))
        .build();
  }

  private JsonObject oldCondition(String type) {
    return facts
        .pod()
        .object()
        .status()
        .array("conditions")
        .objects()
        .filter(c -> c.string("type").filter(type::equals).isPresent())
        .findFirst()
        .orElse(JsonObject.EMPTY);
  }

  private ContainerRecord record(ContainerView container) {
    return facts.containers().getOrDefault(container.name(), ContainerRecord.NEW);
  }

  /** As Go prints a slice of strings. */
  private static String bracketed(Iterable<String> names) {
    return "[" + String.join(" ", names) + "]";
  }
}
