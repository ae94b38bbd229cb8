package dev.nacelle.controllers.endpoints;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.PodStates;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Endpoints object of a Service, for clients that do not know slices. */
final class EndpointsPlan {
  static final int MOST = 1_000;
  static final String OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
  private static final String MANAGED_BY = "endpoints.kubernetes.io/managed-by";

  private EndpointsPlan() {}

  /** Addresses with the same ports, ready ones apart from the others. */
  private record Subset(List<Json> ready, List<Json> notReady) {}

  static KubeObject of(KubeObject service, List<KubeObject> pods) {
    ServicePods.Family family = ServicePods.families(service).getFirst();
    List<KubeObject> counted =
        pods.stream()
            .filter(ServicePods::counts)
            .filter(pod -> !pod.isBeingDeleted() || ServicePods.publishesUnready(service))
            .filter(pod -> ServicePods.address(pod, family).isPresent())
            .sorted(
                Comparator.comparing((KubeObject pod) -> !PodStates.isReady(pod))
                    .thenComparing(KubeObject::key))
            .toList();
    Map<JsonArray, Subset> subsets = new LinkedHashMap<>();
    counted.stream().limit(MOST).forEach(pod -> enter(subsets, service, pod, family));
    var labels = new LinkedHashMap<>(service.labels());
    labels.remove(ServicePods.HEADLESS);
    if (ServicePods.isHeadless(service)) {
      labels.put(ServicePods.HEADLESS, "");
    }
    labels.put(MANAGED_BY, "endpoint-controller");
    var metadata =
        JsonObject.builder()
            .put("name", service.name())
            .put("namespace", service.namespace())
            .putStrings("labels", labels);
    if (counted.size() > MOST) {
      metadata.putStrings("annotations", Map.of(OVER_CAPACITY, "truncated"));
    }
    var object =
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "Endpoints")
            .put("metadata", metadata.build());
    if (!subsets.isEmpty()) {
      List<Json> written = new ArrayList<>();
      subsets.forEach((ports, subset) -> written.add(subset(ports, subset)));
      object.put("subsets", new JsonArray(written));
    }
    return new KubeObject(object.build());
  }

  private static void enter(
      Map<JsonArray, Subset> subsets,
      KubeObject service,
      KubeObject pod,
      ServicePods.Family family) {
    var address = JsonObject.builder().put("ip", ServicePods.address(pod, family).orElseThrow());
    ServicePods.hostname(pod, service).ifPresent(name -> address.put("hostname", name));
    String node = PodStates.nodeName(pod);
    if (!node.isEmpty()) {
      address.put("nodeName", node);
    }
    address.put("targetRef", ServicePods.targetRef(pod));
    Subset subset =
        subsets.computeIfAbsent(
            corePorts(ServicePods.ports(service, pod)),
            p -> new Subset(new ArrayList<>(), new ArrayList<>()));
    boolean ready = PodStates.isReady(pod) || ServicePods.publishesUnready(service);
    (ready ? subset.ready() : subset.notReady()).add(address.build());
  }

  /** Unnamed ports have no name here. */
  private static JsonArray corePorts(JsonArray ports) {
    return new JsonArray(
        ports
            .objects()
            .map(p -> p.string("name").orElse("").isEmpty() ? p.without("name") : p)
            .map(Json.class::cast)
            .toList());
  }

  private static JsonObject subset(JsonArray ports, Subset subset) {
    var result = JsonObject.builder();
    if (!subset.ready().isEmpty()) {
      result.put("addresses", new JsonArray(subset.ready()));
    }
    if (!subset.notReady().isEmpty()) {
      result.put("notReadyAddresses", new JsonArray(subset.notReady()));
    }
    if (!ports.isEmpty()) {
      result.put("ports", ports);
    }
    return result.build();
  }
}
