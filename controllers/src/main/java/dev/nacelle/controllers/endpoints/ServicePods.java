package dev.nacelle.controllers.endpoints;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.controllers.shared.PodStates;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How one Service sees one pod. */
final class ServicePods {
  static final String HEADLESS = "service.kubernetes.io/headless";

  private ServicePods() {}

  /** An address family, as slices name it. */
  enum Family {
    IPV4("IPv4"),
    IPV6("IPv6");

    private final String word;

    Family(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }

    boolean contains(String address) {
      return (address.indexOf(':') >= 0) == (this == IPV6);
    }
  }

  static List<Family> families(KubeObject service) {
    List<Family> families = new ArrayList<>();
    service
        .spec()
        .array("ipFamilies")
        .strings()
        .forEach(f -> families.add(f.equals("IPv6") ? Family.IPV6 : Family.IPV4));
    return families.isEmpty() ? List.of(Family.IPV4) : families;
  }

  static boolean isHeadless(KubeObject service) {
    return service.spec().string("clusterIP").orElse("").equals("None");
  }

  static boolean publishesUnready(KubeObject service) {
    return service.spec().bool("publishNotReadyAddresses").orElse(false);
  }

  static Optional<String> address(KubeObject pod, Family family) {
    Optional<String> first =
        pod.status()
            .array("podIPs")
            .objects()
            .flatMap(ip -> ip.string("ip").stream())
            .filter(family::contains)
            .findFirst();
    return first.or(
        () -> pod.status().string("podIP").filter(a -> !a.isEmpty()).filter(family::contains));
  }

  /** The name under which a pod that asks for one is found below the Service. */
  static Optional<String> hostname(KubeObject pod, KubeObject service) {
    return pod.spec()
        .string("hostname")
        .filter(name -> !name.isEmpty())
        .filter(name -> pod.spec().string("subdomain").orElse("").equals(service.name()));
  }

  static JsonObject targetRef(KubeObject pod) {
    return JsonObject.builder()
        .put("kind", "Pod")
        .put("namespace", pod.namespace())
        .put("name", pod.name())
        .put("uid", pod.uid())
        .build();
  }

  /** The ports of the Service as numbers of this pod; those it does not have are left out. */
  static JsonArray ports(KubeObject service, KubeObject pod) {
    List<Json> ports = new ArrayList<>();
    for (JsonObject port : service.spec().array("ports").objects().toList()) {
      String protocol = port.string("protocol").orElse("TCP");
      long number = target(port, protocol, pod);
      if (number > 0) {
        ports.add(
            JsonObject.builder()
                .put("name", port.string("name").orElse(""))
                .put("port", number)
                .put("protocol", protocol)
                .putIf("appProtocol", port.get("appProtocol"))
                .build());
      }
    }
    return new JsonArray(ports);
  }

  private static long target(JsonObject port, String protocol, KubeObject pod) {
    long same = port.integer("port").orElse(0);
    return switch (port.get("targetPort").orElse(Json.of(same))) {
      case JsonNumber n -> n.longValue() == 0 ? same : n.longValue();
      case JsonString s when s.value().isEmpty() -> same;
      case JsonString s -> named(s.value(), protocol, pod);
      case Json other -> same;
    };
  }

  private static long named(String name, String protocol, KubeObject pod) {
    for (String kind : List.of("containers", "initContainers")) {
      for (JsonObject container : pod.spec().array(kind).objects().toList()) {
        boolean runs =
            kind.equals("containers")
                || container.string("restartPolicy").orElse("").equals("Always");
        for (JsonObject port : container.array("ports").objects().toList()) {
          if (runs
              && port.string("name").orElse("").equals(name)
              && port.string("protocol").orElse("TCP").equals(protocol)) {
            return port.integer("containerPort").orElse(0);
          }
        }
      }
    }
    return 0;
  }

  static boolean counts(KubeObject pod) {
    return !PodStates.isFinished(pod);
  }
}
