package dev.nacelle.node.proxy;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.network.Backend;
import dev.nacelle.network.Frontend;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Protocol;
import dev.nacelle.network.ServiceEntry;
import dev.nacelle.network.ServiceTable;
import dev.nacelle.network.TrafficPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Computes the table of Services as one host sees them. Pure. */
final class ServiceTables {
  private static final String SERVICE_NAME = "kubernetes.io/service-name";
  private static final long DEFAULT_AFFINITY_SECONDS = 10_800;

  private ServiceTables() {}

  /**
   * @param nodeName the host, to tell its own endpoints
   */
  static ServiceTable of(
      Collection<KubeObject> services, Collection<KubeObject> slices, String nodeName) {
    return of(services, slices, List.of(), Set.of(), nodeName);
  }

  /** A node port, and the port of a Service that asks for it first. */
  record Claim(NodePort port, KubeObject service, String servicePort) {}

  /** The node ports that Services ask for, each once. */
  static List<Claim> claims(Collection<KubeObject> services) {
    var result = new LinkedHashMap<NodePort, Claim>();
    for (KubeObject service :
        sorted(services.stream().filter(ServiceTables::opensPorts).toList())) {
      for (JsonObject port : service.spec().array("ports").objects().toList()) {
        Optional<Protocol> protocol = protocol(port.string("protocol").orElse("TCP"));
        int number = nodePort(service, port);
        if (number > 0 && protocol.isPresent()) {
          var nodePort = new NodePort(number, protocol.get());
          String name = port.string("name").map(n -> ":" + n).orElse("");
          result.putIfAbsent(nodePort, new Claim(nodePort, service, service.key() + name));
        }
      }
    }
    return List.copyOf(result.values());
  }

  private static boolean opensPorts(KubeObject service) {
    String type = service.spec().string("type").orElse("ClusterIP");
    return type.equals("NodePort") || type.equals("LoadBalancer");
  }

  /** The node port of a Service's port; 0 where it has none. */
  private static int nodePort(KubeObject service, JsonObject port) {
    return opensPorts(service) ? (int) Math.max(0, port.integer("nodePort").orElse(0)) : 0;
  }

  private static List<KubeObject> sorted(Collection<KubeObject> services) {
    return services.stream().sorted(Comparator.comparing(KubeObject::key)).toList();
  }

  /**
   * @param pods those of this host, for their host ports; a Service's own port goes before
   * @param refused node ports that others on this host have
   * @param nodeName the host, to tell its own endpoints
   */
  static ServiceTable of(
      Collection<KubeObject> services,
      Collection<KubeObject> slices,
      Collection<KubeObject> pods,
      Set<NodePort> refused,
      String nodeName) {
    Map<ObjectKey, List<KubeObject>> slicesOf = new HashMap<>();
    for (KubeObject slice : slices) {
      slice
          .label(SERVICE_NAME)
          .ifPresent(
              name ->
                  slicesOf
                      .computeIfAbsent(
                          new ObjectKey(slice.namespace(), name), k -> new ArrayList<>())
                      .add(slice));
    }
    var entries = new ArrayList<ServiceEntry>();
    Set<String> taken = new HashSet<>();
    for (KubeObject service : sorted(services)) {
      List<KubeObject> own = slicesOf.getOrDefault(service.key(), List.of());
      for (JsonObject port : service.spec().array("ports").objects().toList()) {
        entry(service, port, own, nodeName, refused, taken).ifPresent(entries::add);
      }
    }
    for (ServiceEntry entry : HostPorts.of(pods)) {
      Frontend frontend = entry.frontends().getFirst();
      if (taken.add(frontend.address() + ":" + frontend.port() + "/" + entry.protocol())) {
        entries.add(entry);
      }
    }
    return new ServiceTable(entries);
  }

  private static Optional<ServiceEntry> entry(
      KubeObject service,
      JsonObject port,
      List<KubeObject> slices,
      String nodeName,
      Set<NodePort> refused,
      Set<String> taken) {
    Optional<Protocol> protocol = protocol(port.string("protocol").orElse("TCP"));
    List<Frontend> frontends =
        protocol
            .map(
                p ->
                    frontends(service, port).stream()
                        .filter(
                            f ->
                                f.kind() != Frontend.Kind.NODE_PORT
                                    || !refused.contains(new NodePort(f.port(), p)))
                        .filter(f -> taken.add(f.address() + ":" + f.port() + "/" + p))
                        .toList())
            .orElse(List.of());
    if (frontends.isEmpty()) {
      return Optional.empty();
    }
    boolean sticky =
        service.spec().string("sessionAffinity").filter("ClientIP"::equals).isPresent();
    long seconds =
        service
            .spec()
            .integer("sessionAffinityConfig", "clientIP", "timeoutSeconds")
            .orElse(DEFAULT_AFFINITY_SECONDS);
    return Optional.of(
        new ServiceEntry(
            service.key() + ":" + port.string("name").orElse(""),
            protocol.orElseThrow(),
            frontends,
            backends(port.string("name").orElse(""), slices, nodeName),
            sticky ? Duration.ofSeconds(Math.min(seconds, 86_400)) : Duration.ZERO,
            policy(service.spec().string("internalTrafficPolicy")),
            policy(service.spec().string("externalTrafficPolicy"))));
  }

  private static List<Frontend> frontends(KubeObject service, JsonObject port) {
    var result = new ArrayList<Frontend>();
    int number = (int) port.integer("port").orElse(0);
    String type = service.spec().string("type").orElse("ClusterIP");
    if (type.equals("ExternalName")) {
      return result;
    }
    address(service.spec().string("clusterIP").orElse(""))
        .ifPresent(a -> result.add(Frontend.clusterIp(a, number)));
    int nodePort = nodePort(service, port);
    if (nodePort > 0) {
      result.add(Frontend.nodePort(nodePort));
    }
    var external = new LinkedHashSet<String>();
    service.spec().array("externalIPs").strings().forEach(external::add);
    service
        .status()
        .array("loadBalancer", "ingress")
        .objects()
        .forEach(i -> i.string("ip").ifPresent(external::add));
    external.forEach(e -> address(e).ifPresent(a -> result.add(Frontend.external(a, number))));
    return result;
  }

  private static List<Backend> backends(String portName, List<KubeObject> slices, String nodeName) {
    var ready = new LinkedHashSet<Backend>();
    var terminating = new LinkedHashSet<Backend>();
    for (KubeObject slice : slices) {
      if (!slice.json().string("addressType").orElse("").equals("IPv4")) {
        continue;
      }
      Optional<JsonObject> port =
          slice
              .json()
              .array("ports")
              .objects()
              .filter(p -> p.string("name").orElse("").equals(portName))
              .findFirst();
      if (port.isEmpty() || port.get().integer("port").orElse(0) <= 0) {
        continue;
      }
      int number = (int) port.get().integer("port").getAsLong();
      for (JsonObject endpoint : slice.json().array("endpoints").objects().toList()) {
        Set<Backend> into =
            endpoint.bool("conditions", "ready").orElse(true)
                ? ready
                : endpoint.bool("conditions", "serving").orElse(false)
                        && endpoint.bool("conditions", "terminating").orElse(false)
                    ? terminating
                    : new HashSet<>();
        Backend.Placement placement =
            endpoint.string("nodeName").filter(nodeName::equals).isPresent()
                ? Backend.Placement.LOCAL
                : Backend.Placement.REMOTE;
        endpoint
            .array("addresses")
            .strings()
            .findFirst()
            .flatMap(ServiceTables::address)
            .ifPresent(a -> into.add(new Backend(a, number, placement)));
      }
    }
    // where nobody is ready, those that end but still serve are better than nobody
    return List.copyOf(ready.isEmpty() ? terminating : ready);
  }

  private static TrafficPolicy policy(Optional<String> word) {
    return word.filter("Local"::equals).isPresent() ? TrafficPolicy.LOCAL : TrafficPolicy.CLUSTER;
  }

  private static Optional<Protocol> protocol(String word) {
    return switch (word.toUpperCase(Locale.ROOT)) {
      case "TCP" -> Optional.of(Protocol.TCP);
      case "UDP" -> Optional.of(Protocol.UDP);
      default -> Optional.empty();
    };
  }

  private static Optional<Ipv4> address(String text) {
    try {
      return text.isEmpty() || text.equals("None")
          ? Optional.empty()
          : Optional.of(Ipv4.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
