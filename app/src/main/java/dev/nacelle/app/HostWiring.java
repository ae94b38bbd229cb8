package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.image.ImageDiskMetrics;
import dev.nacelle.image.ImageDiskSettings;
import dev.nacelle.image.LazyReading;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.RestMetrics;
import dev.nacelle.image.registry.ClusterRegistry;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.EbpfDatapath;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Ipv4Range;
import dev.nacelle.node.NodeAgent;
import dev.nacelle.node.NodeConfig;
import dev.nacelle.node.endpoint.NodeEndpoint;
import dev.nacelle.node.proxy.ServiceProxy;
import dev.nacelle.runtime.BuiltInRuntime;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The half of the wiring that a host needs for its pods, whether the API is in the same process or
 * not.
 */
final class HostWiring {
  private static final Duration READY = Duration.ofSeconds(60);

  private final Layout layout;
  private final UpOptions options;
  private final String instanceKey;
  private final Platform platform;
  private final Phases phases;
  private final Clock clock;
  private final Timeline timeline;
  private final Ipv4 address;
  private final String nodeName;
  private final Metrics metrics = new Metrics();
  private final PeerWiring peers;
  private volatile Optional<ClusterRegistry> clusterRegistry = Optional.empty();
  private final FutureTask<HostParts> parts = new FutureTask<>(this::openParts);

  HostWiring(
      Layout layout,
      UpOptions options,
      String instanceKey,
      Platform platform,
      Phases phases,
      Clock clock,
      Timeline timeline,
      Ipv4 address,
      String nodeName) {
    this.layout = layout;
    this.options = options;
    this.instanceKey = instanceKey;
    this.platform = platform;
    this.phases = phases;
    this.clock = clock;
    this.timeline = timeline;
    this.address = address;
    this.nodeName = nodeName;
    this.peers = new PeerWiring(options, layout.node(), metrics, clock);
  }

  /** What the node stands on and needs no API for. */
  record HostParts(BuiltInRuntime runtime, LocalImageStore images) {}

  /** Begins to open runtime and images, beside whatever else starts. */
  void open() {
    Thread.ofPlatform().name("open host").daemon().start(parts);
  }

  /** Says where the cluster's own registry is, as soon as that is known or has changed. */
  void clusterRegistry(Optional<ClusterRegistry> known) {
    clusterRegistry = known;
  }

  /** The other hosts that have layers. */
  PeerWiring peers() {
    return peers;
  }

  private HostParts openParts() throws Exception {
    KernelSettings.ofHost().raise();
    var registries =
        new RegistryClient(
            options.registries.isPresent()
                ? RegistrySettings.read(options.registries.get())
                : RegistrySettings.DEFAULT,
            ProxySettings.fromEnvironment(System.getenv()),
            () -> clusterRegistry,
            peers.peers()::content);
    platform.add("registries", registries::close);
    BuiltInRuntime runtime = BuiltInRuntime.open(BuiltInRuntime.Options.at(layout.node()), clock);
    platform.add("runtime", runtime::close);
    LazyReading reading = lazyReading(runtime);
    platform.add("peers", peers.peers()::close);
    LocalImageStore images =
        LocalImageStore.open(
            layout.node(),
            registries,
            peers.peers(),
            reading,
            new LocalImageStore.Upkeep(imageDisk(), new RestMetrics(metrics)),
            clock);
    platform.add("images", images::close);
    images.compareAtLeisure();
    if (reading instanceof LazyReading.Available) {
      runtime.holdLazyGroup();
    }
    return new HostParts(runtime, images);
  }

  private ImageDiskSettings imageDisk() {
    long quota =
        options
            .imageQuota
            .map(size -> Quantity.parse(size).units())
            .orElse(ImageDiskSettings.NO_QUOTA);
    return new ImageDiskSettings(quota, new ImageDiskMetrics(metrics));
  }

  /** Layers are filled by what the keeper hears of reads. */
  static LazyReading lazyReading(BuiltInRuntime runtime) {
    return switch (runtime.lazySupport()) {
      case LazySupport.Available available -> new LazyReading.Available(runtime.runDirectory());
      case LazySupport.Missing(String why) -> new LazyReading.Missing(why);
    };
  }

  private HostParts await() throws Exception {
    try {
      return parts.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** The verbs on images, where this host has any. */
  Optional<ImageWork> images() {
    return parts.isDone()
        ? Optional.of(new ImageWork(parts.resultNow().images()))
        : Optional.empty();
  }

  /** The lines of doctor. */
  List<String> diagnosis() {
    return parts.isDone() ? Doctor.lines(parts.resultNow()) : List.of();
  }

  /**
   * Starts the node and returns when it is Ready.
   *
   * @param client speaks as the node
   * @param endpointPort where other hosts reach the node's endpoint; 0 where nobody must
   */
  NodeEndpoint startNode(ApiClient client, Informers informers, JoinRanges ranges, int endpointPort)
      throws StartException, InterruptedException {
    HostParts host = phases.time("host", this::await);
    return phases.time("node", () -> startNode(client, informers, ranges, endpointPort, host));
  }

  private NodeEndpoint startNode(
      ApiClient client, Informers informers, JoinRanges ranges, int endpointPort, HostParts host)
      throws Exception {
    var config =
        new NodeConfig(
            nodeName,
            instanceKey,
            layout.node(),
            layout.logs(),
            address.toString(),
            endpointPort,
            options.nodeLabels,
            Optional.of(ranges.dns().toString()),
            ranges.domain(),
            options.maxPods,
            Duration.ofSeconds(10),
            List.of());
    Ipv4Range podRange = Ipv4Range.parse(NodeAgent.join(config, client, READY));
    Datapath datapath =
        phases.time(
            "network",
            () ->
                EbpfDatapath.open(
                    DatapathConfig.of(
                        instanceKey,
                        layout.node().resolve("network"),
                        ranges.clusterCidr(),
                        ranges.serviceCidr(),
                        podRange,
                        address)));
    platform.add("network", datapath::close);
    var events = new EventRecorder(client, "kube-proxy", nodeName, clock);
    platform.add("service events", events::close);
    ServiceProxy proxy = ServiceProxy.start(datapath, informers, nodeName, events);
    platform.add("service proxy", proxy::close);
    var agent =
        new NodeAgent(
            config,
            client,
            host.runtime(),
            host.images(),
            datapath,
            informers.of(Resources.SERVICES),
            timeline,
            clock);
    platform.add("node", agent::close);
    agent.start();
    proxy.openHostPorts(agent.podInformer());
    return new NodeEndpoint(agent, metrics);
  }
}
