package dev.nacelle.controllers.endpoints;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.PodStates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The slices to write so that they say which pods stand behind a Service. */
record EndpointSlicePlan(
    List<KubeObject> create, List<KubeObject> update, List<KubeObject> delete) {
  static final int MOST = 100;
  static final String SERVICE_NAME = "kubernetes.io/service-name";
  static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
  static final String MANAGER = "endpointslice-controller.k8s.io";
  static final String TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
  private static final String ZONE = "topology.kubernetes.io/zone";

  EndpointSlicePlan {
    create = List.copyOf(create);
    update = List.copyOf(update);
    delete = List.copyOf(delete);
  }

  /**
   * @param pods those that the Service selects
   * @param nodes by name
   * @param present the slices of the Service that this controller manages
   */
  static EndpointSlicePlan of(
      KubeObject service,
      List<KubeObject> pods,
      Map<String, KubeObject> nodes,
      List<KubeObject> present) {
    return new Step(service, pods, nodes, present).plan();
  }

  /** Endpoints of one family that have the same ports share slices. */
  private record Group(String family, JsonArray ports) {}

  /** A present slice, and what is to be in it. */
  private record Content(KubeObject slice, List<Json> endpoints) {}

  /** One planning; for one thread. */
  private static final class Step {
    private final KubeObject service;
    private final Map<Group, Map<String, JsonObject>> wanted = new LinkedHashMap<>();
    private final List<KubeObject> present;
    private final Optional<String> triggerTime;
    private final List<KubeObject> create = new ArrayList<>();
    private final List<KubeObject> update = new ArrayList<>();
    private final List<KubeObject> delete = new ArrayList<>();

    Step(
        KubeObject service,
        List<KubeObject> pods,
        Map<String, KubeObject> nodes,
        List<KubeObject> present) {
      this.service = service;
      this.present = present.stream().sorted(Comparator.comparing(KubeObject::name)).toList();
      this.triggerTime = triggerTime(service, pods);
      for (ServicePods.Family family : ServicePods.families(service)) {
        pods.stream()
            .sorted(Comparator.comparing(KubeObject::key))
            .filter(ServicePods::counts)
            .forEach(pod -> enter(family, pod, nodes));
        if (wanted.keySet().stream().noneMatch(g -> g.family().equals(family.word()))) {
          // an empty slice says that the Service is known and has nobody behind it
          wanted.put(new Group(family.word(), JsonArray.EMPTY), new LinkedHashMap<>());
        }
      }
    }

    private void enter(ServicePods.Family family, KubeObject pod, Map<String, KubeObject> nodes) {
      Optional<String> address = ServicePods.address(pod, family);
      if (address.isEmpty()) {
        return;
      }
      var group = new Group(family.word(), ServicePods.ports(service, pod));
      wanted
          .computeIfAbsent(group, g -> new LinkedHashMap<>())
          .put(pod.uid(), endpoint(pod, address.get(), nodes));
    }

    private JsonObject endpoint(KubeObject pod, String address, Map<String, KubeObject> nodes) {
      boolean serving = PodStates.isReady(pod);
      boolean terminating = pod.isBeingDeleted();
      boolean ready = ServicePods.publishesUnready(service) || (serving && !terminating);
      String node = PodStates.nodeName(pod);
      var endpoint =
          JsonObject.builder()
              .put("addresses", JsonArray.of(Json.of(address)))
              .put(
                  "conditions",
                  JsonObject.builder()
                      .put("ready", ready)
                      .put("serving", serving)
                      .put("terminating", terminating)
                      .build());
      ServicePods.hostname(pod, service).ifPresent(name -> endpoint.put("hostname", name));
      endpoint.put("targetRef", ServicePods.targetRef(pod));
      if (!node.isEmpty()) {
        endpoint.put("nodeName", node);
        Optional.ofNullable(nodes.get(node))
            .flatMap(n -> n.label(ZONE))
            .ifPresent(zone -> endpoint.put("zone", zone));
      }
      return endpoint.build();
    }

    EndpointSlicePlan plan() {
      Map<Group, List<KubeObject>> slices = new LinkedHashMap<>();
      for (KubeObject slice : present) {
        var group =
            new Group(slice.json().string("addressType").orElse(""), slice.json().array("ports"));
        if (wanted.containsKey(group)) {
          slices.computeIfAbsent(group, g -> new ArrayList<>()).add(slice);
        } else {
          delete.add(slice);
        }
      }
      wanted.forEach(
          (group, endpoints) -> fill(group, endpoints, slices.getOrDefault(group, List.of())));
      return new EndpointSlicePlan(create, update, delete);
    }

    /** Endpoints stay in their slice; new ones go where there is room, the fullest slice first. */
    private void fill(Group group, Map<String, JsonObject> endpoints, List<KubeObject> slices) {
      Map<String, JsonObject> left = new LinkedHashMap<>(endpoints);
      List<Content> contents = new ArrayList<>();
      for (KubeObject slice : slices) {
        List<Json> kept = new ArrayList<>();
        slice
            .json()
            .array("endpoints")
            .objects()
            .flatMap(e -> Stream.ofNullable(left.remove(uid(e))))
            .limit(MOST)
            .forEach(kept::add);
        contents.add(new Content(slice, kept));
      }
      var rest = new ArrayList<Json>(left.values());
      contents.stream()
          .map(Content::endpoints)
          .sorted(Comparator.comparingInt((List<Json> l) -> l.size()).reversed())
          .forEach(
              content -> {
                List<Json> moved = rest.subList(0, Math.min(rest.size(), MOST - content.size()));
                content.addAll(moved);
                moved.clear();
              });
      boolean keepsEmpty = endpoints.isEmpty();
      for (Content content : contents) {
        if (content.endpoints().isEmpty() && !keepsEmpty) {
          delete.add(content.slice());
        } else {
          keepsEmpty = false;
          change(content.slice(), group, content.endpoints());
        }
      }
      for (int at = 0; at < rest.size(); at += MOST) {
        create.add(slice(group, rest.subList(at, Math.min(rest.size(), at + MOST))));
      }
      if (endpoints.isEmpty() && slices.isEmpty()) {
        create.add(slice(group, List.of()));
      }
    }

    private static String uid(JsonObject endpoint) {
      return endpoint.string("targetRef", "uid").orElse("");
    }

    private void change(KubeObject slice, Group group, List<Json> endpoints) {
      KubeObject next = slice(group, endpoints);
      boolean same =
          slice.json().array("endpoints").equals(next.json().array("endpoints"))
              && slice.labels().equals(next.labels());
      if (!same) {
        KubeObject named =
            new KubeObject(
                slice
                    .withMetadata("labels", next.metadata().object("labels"))
                    .json()
                    .with("endpoints", new JsonArray(endpoints)));
        update.add(triggerTime.map(t -> named.withAnnotation(TRIGGER_TIME, t)).orElse(named));
      }
    }

    private KubeObject slice(Group group, List<Json> endpoints) {
      var labels = new LinkedHashMap<>(service.labels());
      labels.remove(ServicePods.HEADLESS);
      if (ServicePods.isHeadless(service)) {
        labels.put(ServicePods.HEADLESS, "");
      }
      labels.put(SERVICE_NAME, service.name());
      labels.put(MANAGED_BY, MANAGER);
      var metadata =
          JsonObject.builder()
              .put("generateName", service.name() + "-")
              .put("namespace", service.namespace())
              .putStrings("labels", labels)
              .put("ownerReferences", JsonArray.of(OwnerKind.SERVICE.reference(service).toJson()));
      triggerTime.ifPresent(t -> metadata.putStrings("annotations", Map.of(TRIGGER_TIME, t)));
      return new KubeObject(
          JsonObject.builder()
              .put("apiVersion", "discovery.k8s.io/v1")
              .put("kind", "EndpointSlice")
              .put("metadata", metadata.build())
              .put("addressType", group.family())
              .put("endpoints", new JsonArray(endpoints))
              .put("ports", group.ports())
              .build());
    }

    /** When the newest change behind this plan happened. */
    private static Optional<String> triggerTime(KubeObject service, List<KubeObject> pods) {
      Stream<Instant> readiness =
          pods.stream()
              .flatMap(pod -> PodStates.condition(pod, "Ready").stream())
              .flatMap(c -> Conditions.time(c, "lastTransitionTime").stream());
      return Stream.concat(service.creationTimestamp().stream(), readiness)
          .max(Comparator.naturalOrder())
          .map(KubeObject::formatTime);
    }
  }
}
