package dev.nacelle.api.kinds.discovery;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import java.util.OptionalLong;

/** A part of the addresses behind a service. */
public final class EndpointSliceKind {
  private static final String UNSET = "<unset>";

  public static final ResourceDefinition DEFINITION =
      Kind.of(
              "io.k8s.api.discovery.v1.EndpointSlice",
              "discovery.k8s.io/v1",
              "EndpointSlice",
              "endpointslices")
          .columns(
              Cells.NAME,
              Cells.text("AddressType", slice -> slice.json().string("addressType").orElse(""))
                  .describedAs("IPv4, IPv6 or FQDN."),
              Cells.text("Ports", EndpointSliceKind::ports).describedAs("Ports of each endpoint."),
              Cells.text("Endpoints", EndpointSliceKind::addresses)
                  .describedAs("Addresses of the endpoints."),
              Cells.AGE)
          .hooks(new EndpointSliceHooks())
          .build();

  private EndpointSliceKind() {}

  private static String ports(KubeObject slice) {
    var texts =
        slice
            .json()
            .array("ports")
            .objects()
            .map(
                port -> {
                  OptionalLong number = port.integer("port");
                  return number.isPresent() ? Long.toString(number.getAsLong()) : "*";
                })
            .toList();
    return Cells.atMost(3, texts, UNSET);
  }

  private static String addresses(KubeObject slice) {
    var texts =
        slice
            .json()
            .array("endpoints")
            .objects()
            .flatMap(endpoint -> endpoint.array("addresses").strings())
            .toList();
    return Cells.atMost(3, texts, UNSET);
  }
}
