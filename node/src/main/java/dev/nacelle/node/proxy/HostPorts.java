package dev.nacelle.node.proxy;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.network.Backend;
import dev.nacelle.network.Frontend;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Protocol;
import dev.nacelle.network.ServiceEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The host ports of the pods of this host, as entries beside those of Services. Pure. */
final class HostPorts {
  private HostPorts() {}

  /** One entry per host port of each pod that has an address and is not at its end. */
  static List<ServiceEntry> of(Collection<KubeObject> pods) {
    var result = new ArrayList<ServiceEntry>();
    for (KubeObject pod : pods.stream().sorted(Comparator.comparing(KubeObject::key)).toList()) {
      Optional<Ipv4> address = address(pod);
      if (address.isPresent()) {
        Stream.concat(
                pod.spec().array("initContainers").objects(),
                pod.spec().array("containers").objects())
            .flatMap(c -> c.array("ports").objects())
            .forEach(port -> entry(pod, port, address.get()).ifPresent(result::add));
      }
    }
    return result;
  }

  private static Optional<Ipv4> address(KubeObject pod) {
    String phase = pod.status().string("phase").orElse("");
    if (phase.equals("Succeeded")
        || phase.equals("Failed")
        || pod.spec().bool("hostNetwork").orElse(false)) {
      return Optional.empty();
    }
    try {
      return pod.status().string("podIP").filter(a -> !a.isEmpty()).map(Ipv4::parse);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<ServiceEntry> entry(KubeObject pod, JsonObject port, Ipv4 address) {
    long outer = port.integer("hostPort").orElse(0);
    long inner = port.integer("containerPort").orElse(0);
    Optional<Protocol> protocol =
        switch (port.string("protocol").orElse("TCP").toUpperCase(Locale.ROOT)) {
          case "TCP" -> Optional.of(Protocol.TCP);
          case "UDP" -> Optional.of(Protocol.UDP);
          default -> Optional.empty();
        };
    if (outer <= 0 || inner <= 0 || protocol.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        ServiceEntry.of(
            pod.key() + ":hostPort-" + outer,
            protocol.get(),
            List.of(Frontend.nodePort((int) outer)),
            List.of(Backend.local(address, (int) inner))));
  }
}
