package dev.nacelle.testkit.node;

import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathCapability;
import dev.nacelle.network.DatapathException;
import dev.nacelle.network.Endpoint;
import dev.nacelle.network.EndpointSpec;
import dev.nacelle.network.HostRoutes;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.ServiceTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Addresses and nothing behind them. Outlives the node under test. Safe for any thread. */
public final class HandDatapath implements Datapath {
  private final Map<String, Endpoint> endpoints = new LinkedHashMap<>();
  private Optional<String> refusal = Optional.empty();
  private int next = 2;

  /** From now on nothing can be attached. */
  public synchronized void refuse(String why) {
    refusal = Optional.of(why);
  }

  public synchronized void allow() {
    refusal = Optional.empty();
  }

  @Override
  public synchronized Endpoint attach(EndpointSpec spec) {
    if (refusal.isPresent()) {
      throw new DatapathException(refusal.get());
    }
    return endpoints.computeIfAbsent(
        spec.podUid(),
        uid ->
            new Endpoint(
                uid,
                spec.address().equals(Ipv4.ANY) ? Ipv4.parse("10.64.0." + next++) : spec.address(),
                "veth"));
  }

  @Override
  public synchronized void detach(String podUid) {
    endpoints.remove(podUid);
  }

  @Override
  public synchronized void retain(Set<String> podUids) {
    endpoints.keySet().retainAll(podUids);
  }

  @Override
  public synchronized List<Endpoint> endpoints() {
    return List.copyOf(endpoints.values());
  }

  @Override
  public void applyServices(ServiceTable table) {}

  @Override
  public void applyRoutes(HostRoutes routes) {}

  @Override
  public List<DatapathCapability> capabilities() {
    return List.of();
  }

  @Override
  public void release() {}

  @Override
  public void close() {}
}
