package dev.nacelle.scheduler.cluster;

import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;

/** A port of the node that a container asks for. */
public record HostPort(String address, String protocol, int port) {
  private static final String ANY = "0.0.0.0";

  static List<HostPort> of(JsonObject podSpec) {
    return Stream.concat(
            podSpec.array("containers").objects(),
            podSpec
                .array("initContainers")
                .objects()
                .filter(c -> c.string("restartPolicy").orElse("").equals("Always")))
        .flatMap(c -> c.array("ports").objects())
        .filter(p -> p.integer("hostPort").orElse(0) > 0)
        .map(
            p ->
                new HostPort(
                    p.string("hostIP").filter(ip -> !ip.isEmpty()).orElse(ANY),
                    p.string("protocol").orElse("TCP"),
                    (int) p.integer("hostPort").orElse(0)))
        .toList();
  }

  public boolean conflictsWith(HostPort that) {
    return port == that.port
        && protocol.equals(that.protocol)
        && (address.equals(that.address) || address.equals(ANY) || that.address.equals(ANY));
  }
}
