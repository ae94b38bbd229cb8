package dev.nacelle.network;

import dev.nacelle.network.Layouts.FrontendKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All Services as one host sees them, one entry per Service port.
 *
 * @param services at most {@value #MAX_SERVICES}; no two may share a frontend
 */
public record ServiceTable(List<ServiceEntry> services) {
  static final int MAX_SERVICES = 50_000;
  public static final ServiceTable EMPTY = new ServiceTable(List.of());

  public ServiceTable {
    services = List.copyOf(services);
    if (services.size() > MAX_SERVICES) {
      throw new IllegalArgumentException(
          "cannot hold " + services.size() + " service ports: the limit is " + MAX_SERVICES);
    }
    Map<FrontendKey, String> owners = HashMap.newHashMap(2 * services.size());
    for (ServiceEntry service : services) {
      for (Frontend frontend : service.frontends()) {
        String owner =
            owners.putIfAbsent(FrontendKey.of(frontend, service.protocol()), service.name());
        if (owner != null) {
          throw new IllegalArgumentException(
              "cannot give %s:%d/%s to %s: %s has it"
                  .formatted(
                      frontend.address(),
                      frontend.port(),
                      service.protocol(),
                      service.name(),
                      owner));
        }
      }
    }
  }
}
