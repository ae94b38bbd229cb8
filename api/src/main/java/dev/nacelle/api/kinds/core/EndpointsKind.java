package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** The addresses behind a service, in the older shape. */
final class EndpointsKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Endpoints", "v1", "Endpoints", "endpoints", "ep")
          .deprecated("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
          .columns(
              Cells.NAME,
              Cells.text("Endpoints", EndpointsKind::addresses)
                  .describedAs("Ready addresses with their ports."),
              Cells.AGE)
          .hooks(new EndpointsHooks())
          .build();

  private EndpointsKind() {}

  private static String addresses(KubeObject endpoints) {
    var texts = new ArrayList<String>();
    for (JsonObject subset : endpoints.json().array("subsets").objects().toList()) {
      List<String> addresses =
          subset.array("addresses").objects().map(a -> a.string("ip").orElse("")).toList();
      List<JsonObject> ports = subset.array("ports").objects().toList();
      if (ports.isEmpty()) {
        texts.addAll(addresses);
      }
      for (JsonObject port : ports) {
        addresses.forEach(address -> texts.add(address + ":" + port.integer("port").orElse(0)));
      }
    }
    return Cells.atMost(3, texts, Cells.NONE);
  }
}
