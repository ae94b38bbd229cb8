package dev.nacelle.node.proxy;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathException;
import dev.nacelle.network.HostRoutes;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Ipv4Range;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the datapath's tables as the Services, EndpointSlices and Nodes of the cluster ask. One
 * virtual thread.
 */
public final class ServiceProxy implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceProxy.class);
  private static final Duration SYNC = Duration.ofSeconds(30);
  private static final long RETRY_MILLIS = 1_000;
  private static final Duration RETRY_PORTS = Duration.ofSeconds(10);

  private final Datapath datapath;
  private final String nodeName;
  private final EventRecorder events;
  private final Informer services;
  private final Informer slices;
  private final Informer nodes;
  private final Thread thread;
  private volatile Optional<Informer> localPods = Optional.empty();
  private boolean dirty = true;

  /** A node port that others on this host have, and the Service that cannot have it. */
  private record Refusal(NodePort port, String uid) {}

  /** Written by the thread alone. */
  private volatile Set<Refusal> refused = Set.of();

  private ServiceProxy(
      Datapath datapath, Informers informers, String nodeName, EventRecorder events) {
    this.datapath = datapath;
    this.nodeName = nodeName;
    this.events = events;
    this.services = informers.of(Resources.SERVICES);
    this.slices = informers.of(Resources.ENDPOINT_SLICES);
    this.nodes = informers.of(Resources.NODES);
    this.thread = Thread.ofVirtual().name("service proxy").unstarted(this::run);
  }

  /**
   * Starts to keep the tables; what the kernel holds from before stays until the first whole table
   * is known.
   *
   * @param events where a node port that others have is told; the caller closes it
   */
  public static ServiceProxy start(
      Datapath datapath, Informers informers, String nodeName, EventRecorder events) {
    var proxy = new ServiceProxy(datapath, informers, nodeName, events);
    proxy.services.listen((before, after) -> proxy.touch());
    proxy.slices.listen((before, after) -> proxy.touch());
    proxy.nodes.listen((before, after) -> proxy.touch());
    proxy.thread.start();
    return proxy;
  }

  /**
   * Opens the host ports of these pods too.
   *
   * @param pods the pods of this host
   */
  public void openHostPorts(Informer pods) {
    localPods = Optional.of(pods);
    pods.listen(
        (before, after) -> {
          // most changes of pods open or close nothing
          if (!HostPorts.of(before.stream().toList())
              .equals(HostPorts.of(after.stream().toList()))) {
            touch();
          }
        });
  }

  private List<KubeObject> hostPods() {
    return localPods.map(Informer::all).orElse(List.of());
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private synchronized void touch() {
    dirty = true;
    notifyAll();
  }

  /** Returns after a while without a change too where a port may have become free. */
  private synchronized void awaitChange() throws InterruptedException {
    if (!dirty && !refused.isEmpty()) {
      wait(RETRY_PORTS.toMillis());
    } else {
      while (!dirty) {
        wait();
      }
    }
    dirty = false;
  }

  /** The ports that this host cannot give to their Services, told to each Service once. */
  private Set<NodePort> refused(NodePortClaims claims, Collection<KubeObject> all) {
    List<ServiceTables.Claim> wanted = ServiceTables.claims(all);
    Map<NodePort, String> reasons =
        claims.hold(wanted.stream().map(ServiceTables.Claim::port).collect(Collectors.toSet()));
    var now = new HashSet<Refusal>();
    for (ServiceTables.Claim claim : wanted) {
      if (reasons.containsKey(claim.port())) {
        var refusal = new Refusal(claim.port(), claim.service().uid());
        now.add(refusal);
        if (!refused.contains(refusal)) {
          tell(claim, reasons.get(claim.port()));
        }
      }
    }
    refused = Set.copyOf(now);
    return Set.copyOf(reasons.keySet());
  }

  /** In the words of upstream's kube-proxy, whose reason is the error. */
  private void tell(ServiceTables.Claim claim, String reason) {
    String text = "can't open port " + claim.port().describe(claim.servicePort()) + ", skipping it";
    LOG.warn("{}: {}", text, reason);
    events.warning(claim.service(), reason, text);
  }

  private void run() {
    try (var claims = new NodePortClaims()) {
      // half a table would cut off what works
      while (!services.awaitSync(SYNC) || !slices.awaitSync(SYNC) || !nodes.awaitSync(SYNC)) {
        LOG.warn("services, endpoints or nodes could not be listed yet");
      }
      while (true) {
        awaitChange();
        try {
          List<KubeObject> all = services.all();
          datapath.applyServices(
              ServiceTables.of(all, slices.all(), hostPods(), refused(claims, all), nodeName));
          datapath.applyRoutes(routes(nodes.all(), nodeName));
        } catch (DatapathException | IllegalArgumentException e) {
          LOG.warn("cannot bring the datapath up to date: {}", e.getMessage());
          Thread.sleep(RETRY_MILLIS);
          touch();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The way to the pods of all other hosts. Pure. */
  static HostRoutes routes(Collection<KubeObject> nodes, String nodeName) {
    var result = new ArrayList<HostRoutes.HostRoute>();
    for (KubeObject node : nodes) {
      Optional<String> range = node.spec().string("podCIDR").filter(r -> !r.isEmpty());
      Optional<String> address =
          node.status()
              .array("addresses")
              .objects()
              .filter(a -> a.string("type").filter("InternalIP"::equals).isPresent())
              .findFirst()
              .flatMap((JsonObject a) -> a.string("address"));
      if (!node.name().equals(nodeName) && range.isPresent() && address.isPresent()) {
        result.add(
            new HostRoutes.HostRoute(Ipv4Range.parse(range.get()), Ipv4.parse(address.get())));
      }
    }
    return new HostRoutes(result);
  }
}
