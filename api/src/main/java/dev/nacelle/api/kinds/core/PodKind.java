package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/** Containers that share a host, an address and a fate. */
final class PodKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Pod", "v1", "Pod", "pods", "po")
          .in("all")
          .subresource("attach", core("PodAttachOptions"), "create", "get")
          .subresource("binding", core("Binding"), "create")
          .subresource("ephemeralcontainers", "get", "patch", "update")
          .subresource("eviction", new GroupVersionKind("policy", "v1", "Eviction"), "create")
          .subresource("exec", core("PodExecOptions"), "create", "get")
          .subresource("log", "get")
          .subresource("portforward", core("PodPortForwardOptions"), "create", "get")
          .subresource(
              "proxy", core("PodProxyOptions"), "create", "delete", "get", "patch", "update")
          .subresource("resize", "get", "patch", "update")
          .status()
          .columns(
              Cells.NAME,
              Cells.text("Ready", pod -> PodSummary.of(pod).ready())
                  .describedAs("Ready containers of all containers."),
              Cells.text("Status", pod -> PodSummary.of(pod).reason())
                  .describedAs("What the pod does, or why it does not."),
              Column.of(
                      "Restarts", "string", (pod, now) -> Json.of(PodSummary.of(pod).restarts(now)))
                  .describedAs("Restarts of containers, and when the last one was."),
              Cells.AGE,
              Cells.text("IP", PodKind::address).describedAs("Its address.").wide(),
              Cells.text("Node", pod -> Cells.orNone(pod.spec().string("nodeName").orElse("")))
                  .describedAs("The node it runs on.")
                  .wide(),
              Cells.text(
                      "Nominated Node",
                      pod -> Cells.orNone(pod.status().string("nominatedNodeName").orElse("")))
                  .describedAs("The node where room is being made for it.")
                  .wide(),
              Cells.text("Readiness Gates", PodKind::readinessGates)
                  .describedAs("True conditions of those that its readiness waits for.")
                  .wide())
          .selectable(
              "spec.nodeName",
              "spec.restartPolicy",
              "spec.schedulerName",
              "spec.serviceAccountName",
              "status.phase",
              "status.nominatedNodeName")
          .selectable(
              new SelectableField(
                  "spec.hostNetwork",
                  pod -> Boolean.toString(pod.spec().bool("hostNetwork").orElse(false))))
          .selectable(
              new SelectableField(
                  "status.podIP",
                  pod ->
                      pod.status()
                          .array("podIPs")
                          .objects()
                          .findFirst()
                          .flatMap((JsonObject ip) -> ip.string("ip"))
                          .or(() -> pod.status().string("podIP"))
                          .orElse("")))
          .hooks(new PodHooks())
          .build();

  private PodKind() {}

  private static GroupVersionKind core(String kind) {
    return new GroupVersionKind("", "v1", kind);
  }

  private static String address(KubeObject pod) {
    return pod.status()
        .array("podIPs")
        .objects()
        .findFirst()
        .flatMap((JsonObject ip) -> ip.string("ip"))
        .or(() -> pod.status().string("podIP"))
        .filter(ip -> !ip.isEmpty())
        .orElse(Cells.NONE);
  }

  private static String readinessGates(KubeObject pod) {
    var gates = pod.spec().array("readinessGates");
    if (gates.isEmpty()) {
      return Cells.NONE;
    }
    long open =
        gates
            .objects()
            .filter(
                gate ->
                    Cells.isConditionTrue(
                        pod.status().array("conditions"), gate.string("conditionType").orElse("")))
            .count();
    return open + "/" + gates.size();
  }
}
