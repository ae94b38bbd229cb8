package dev.nacelle.dns;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;

/** A ready endpoint of a service: one address, its name below the service, and its ports. */
record ServiceEndpoint(String address, String hostname, List<Port> ports) {
  ServiceEndpoint {
    ports = List.copyOf(ports);
  }

  /** A port by its name; unnamed ones have an empty name. */
  record Port(String name, String protocol, int number) {}

  /** The ready endpoints of slices; one without a hostname is named by its address. */
  static Stream<ServiceEndpoint> of(List<KubeObject> slices) {
    return slices.stream()
        .flatMap(
            slice -> {
              List<Port> ports =
                  slice.json().array("ports").objects().map(ServiceEndpoint::port).toList();
              return slice
                  .json()
                  .array("endpoints")
                  .objects()
                  .filter(e -> e.bool("conditions", "ready").orElse(true))
                  .flatMap(
                      e ->
                          e.array("addresses")
                              .strings()
                              .map(
                                  a ->
                                      new ServiceEndpoint(
                                          a, e.string("hostname").orElse(dashed(a)), ports)));
            });
  }

  private static Port port(JsonObject json) {
    return new Port(
        json.string("name").orElse(""),
        json.string("protocol").orElse("TCP"),
        (int) json.integer("port").orElse(0));
  }

  private static String dashed(String address) {
    return address.replace('.', '-').replace(':', '-');
  }
}
