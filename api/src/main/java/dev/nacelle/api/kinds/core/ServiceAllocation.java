package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.Allocations;
import dev.nacelle.api.definition.Allocations.Pool;
import dev.nacelle.api.definition.Allocations.UnavailableException;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Takes a service's address and node ports, and gives back what an update no longer needs; all
 * commits with the service or not at all.
 */
final class ServiceAllocation {
  private ServiceAllocation() {}

  /**
   * @throws ApiException 422 if a value cannot be had
   */
  static KubeObject allocate(
      Allocations allocations, KubeObject service, Optional<KubeObject> old) {
    JsonObject before = old.map(KubeObject::spec).orElse(JsonObject.EMPTY);
    Edit spec = Edit.of(service.spec());
    address(allocations, service, before, spec);
    nodePorts(allocations, service, before, spec);
    return service.withSpec(spec.done());
  }

  static void release(Allocations allocations, KubeObject service) {
    String address = address(service.spec());
    if (!address.isEmpty()) {
      allocations.release(Pool.SERVICE_IP, address);
    }
    ports(service.spec()).forEach(port -> allocations.release(Pool.NODE_PORT, Long.toString(port)));
  }

  private static void address(
      Allocations allocations, KubeObject service, JsonObject before, Edit spec) {
    String held = address(before);
    boolean needs = ServiceDefaults.needsClusterIp(service.spec());
    String wanted = service.spec().string("clusterIP").orElse("");
    if (!needs || wanted.equals(ServiceDefaults.HEADLESS)) {
      if (!held.isEmpty()) {
        allocations.release(Pool.SERVICE_IP, held);
      }
      return;
    }
    if (!held.isEmpty() && held.equals(wanted)) {
      return;
    }
    if (!held.isEmpty() && !wanted.isEmpty()) {
      return; // an address cannot be changed; validation says so
    }
    String taken = take(allocations, Pool.SERVICE_IP, service, "spec.clusterIPs", wanted);
    spec.set("clusterIP", Json.of(taken)).set("clusterIPs", JsonArray.ofStrings(List.of(taken)));
  }

  private static void nodePorts(
      Allocations allocations, KubeObject service, JsonObject before, Edit spec) {
    var held = new TreeSet<>(ports(before));
    var kept = new TreeSet<Long>();
    if (ServiceDefaults.needsNodePort(service.spec())) {
      var byNumber = new HashMap<Long, String>();
      List<JsonObject> ports = spec.current().array("ports").objects().toList();
      var items = new ArrayList<>(ports);
      items.sort((a, b) -> Boolean.compare(nodePort(a) == 0, nodePort(b) == 0));
      Map<JsonObject, Long> chosen = new HashMap<>();
      for (JsonObject port : items) {
        String at = "spec.ports[" + ports.indexOf(port) + "].nodePort";
        long number = choose(allocations, service, port, at, held, kept, byNumber, chosen);
        kept.add(number);
        chosen.put(port, number);
      }
      spec.each("ports", port -> port.with("nodePort", Json.of(chosen.getOrDefault(port, 0L))));
    }
    held.removeAll(kept);
    held.forEach(port -> allocations.release(Pool.NODE_PORT, Long.toString(port)));
  }

  /**
   * Ports asked for come first. The same number under two protocols is one allocation; so is the
   * automatic choice for the same port under two protocols.
   */
  private static long choose(
      Allocations allocations,
      KubeObject service,
      JsonObject port,
      String at,
      TreeSet<Long> held,
      TreeSet<Long> kept,
      Map<Long, String> protocols,
      Map<JsonObject, Long> chosen) {
    long wanted = nodePort(port);
    String protocol = port.string("protocol").orElse("");
    if (wanted != 0) {
      if (!held.contains(wanted) && !kept.contains(wanted)) {
        take(allocations, Pool.NODE_PORT, service, at, Long.toString(wanted));
      }
      protocols.merge(wanted, protocol, (a, b) -> a + b);
      return wanted;
    }
    for (var entry : chosen.entrySet()) {
      boolean samePort = entry.getKey().integer("port").equals(port.integer("port"));
      String taken = protocols.getOrDefault(entry.getValue(), "");
      if (samePort && !taken.contains(protocol)) {
        protocols.merge(entry.getValue(), protocol, (a, b) -> a + b);
        return entry.getValue();
      }
    }
    long number = Long.parseLong(take(allocations, Pool.NODE_PORT, service, at, ""));
    protocols.put(number, protocol);
    return number;
  }

  private static String take(
      Allocations allocations, Pool pool, KubeObject service, String field, String wanted) {
    try {
      return allocations.take(pool, Optional.of(wanted).filter(text -> !text.isEmpty()));
    } catch (UnavailableException e) {
      Json value =
          pool == Pool.NODE_PORT
              ? Json.of(wanted.isEmpty() ? 0 : Long.parseLong(wanted))
              : JsonArray.ofStrings(wanted.isEmpty() ? List.of() : List.of(wanted));
      throw ApiException.invalid(
          new GroupVersionKind("", "v1", "Service"),
          service.name(),
          List.of(FieldError.invalid(field, value, String.valueOf(e.getMessage()))));
    }
  }

  private static String address(JsonObject spec) {
    String address = spec.string("clusterIP").orElse("");
    return address.equals(ServiceDefaults.HEADLESS) ? "" : address;
  }

  private static List<Long> ports(JsonObject spec) {
    return spec.array("ports")
        .objects()
        .map(ServiceAllocation::nodePort)
        .filter(port -> port != 0)
        .distinct()
        .toList();
  }

  private static long nodePort(JsonObject port) {
    return port.integer("nodePort").orElse(0);
  }
}
