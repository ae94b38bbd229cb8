package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.ApiServerConfig;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.controllers.ControllerSettings;
import dev.nacelle.controllers.Controllers;
import dev.nacelle.dns.ClusterDns;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
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
import dev.nacelle.scheduler.Scheduler;
import dev.nacelle.store.HistoryWindow;
import dev.nacelle.store.Store;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Sees everything: makes the parts and hands them to one another. The order of {@link #start} is
 * the order of a start; the platform ends them backwards.
 */
final class Wiring {
  private static final Duration READY = Duration.ofSeconds(60);
  private static final String DOMAIN = "cluster.local";
  private static final int TIMELINES = 4_096;

  private final Layout layout;
  private final UpOptions options;
  private final Instance instance;
  private final Platform platform;
  private final Phases phases;
  private final Clock clock = Clock.systemUTC();
  private final Metrics metrics = new Metrics();
  private final Timeline timeline = new Timeline(clock, TIMELINES);
  private final NodeGateways gateway = new NodeGateways();
  private final Ipv4 address;
  private final String nodeName;

  private Wiring(
      Layout layout, UpOptions options, Instance instance, Platform platform, Phases phases)
      throws StartException {
    this.layout = layout;
    this.options = options;
    this.instance = instance;
    this.platform = platform;
    this.phases = phases;
    this.address = HostAddress.find(options.nodeAddress);
    this.nodeName = NodeNames.of(options.name);
  }

  /** Starts the parts that the options ask for; returns when the API and the node are ready. */
  static void start(
      Layout layout, UpOptions options, Instance instance, Platform platform, Phases phases)
      throws StartException, InterruptedException {
    new Wiring(layout, options, instance, platform, phases).start();
  }

  private boolean has(String part) {
    return options.parts.contains(part);
  }

  private void start() throws StartException, InterruptedException {
    FutureTask<HostParts> host = new FutureTask<>(this::openHost);
    if (has("node")) {
      Thread.ofPlatform().name("open host").daemon().start(host);
    }
    EventLoops loops = EventLoops.start(1);
    platform.add("event loops", loops::close);
    ClusterPki pki = phases.time("keys", () -> ClusterPki.open(layout.pki(), clock));
    ApiServer server = startApi(loops, pki);
    Informers informers = new Informers(server.client(Identity.system("informers")));
    platform.add("informers", informers::close);
    if (has("controllers")) {
      phases.time("controllers", () -> startControllers(server, informers, pki));
    }
    if (has("scheduler")) {
      phases.time(
          "scheduler",
          () -> {
            Scheduler scheduler =
                Scheduler.start(
                    server.client(Identity.of("system:kube-scheduler", Identity.AUTHENTICATED)),
                    informers,
                    clock,
                    timeline);
            platform.add("scheduler", scheduler::close);
            return scheduler;
          });
    }
    Optional<InetSocketAddress> dns = Optional.empty();
    if (has("dns")) {
      dns = Optional.of(phases.time("dns", () -> startDns(server, informers)));
    }
    Optional<ImageWork> images = Optional.empty();
    if (has("node")) {
      HostParts parts = phases.time("host", () -> join(host));
      images = Optional.of(new ImageWork(parts.images()));
      phases.time("node", () -> startNode(server, informers, parts));
    }
    platform.facts(facts(server, dns));
    var services =
        new ControlServer.Services(
            platform,
            timeline,
            images,
            Optional.of(
                new People(
                    pki,
                    "https://127.0.0.1:" + server.port(),
                    server.client(Identity.system("control")),
                    clock)),
            () -> Doctor.lines(host));
    phases.time(
        "control",
        () -> {
          ControlServer control = ControlServer.start(layout, loops, services);
          platform.add("control", control::close);
          return control;
        });
  }

  /** What the node stands on and needs no API for. */
  record HostParts(BuiltInRuntime runtime, ImageStore images) {}

  private HostParts openHost() throws Exception {
    KernelSettings.raise();
    var registries =
        new RegistryClient(
            options.registries.isPresent()
                ? RegistrySettings.read(options.registries.get())
                : RegistrySettings.DEFAULT,
            ProxySettings.fromEnvironment(System.getenv()));
    platform.add("registries", registries::close);
    LocalImageStore images = LocalImageStore.open(layout.node(), registries, clock);
    platform.add("images", images::close);
    BuiltInRuntime runtime = BuiltInRuntime.open(BuiltInRuntime.Options.at(layout.node()), clock);
    platform.add("runtime", runtime::close);
    return new HostParts(runtime, images);
  }

  private static HostParts join(FutureTask<HostParts> host) throws Exception {
    try {
      return host.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private ApiServer startApi(EventLoops loops, ClusterPki pki)
      throws StartException, InterruptedException {
    Store store =
        phases.time(
            "store",
            () -> {
              RocksStore opened = RocksStore.open(layout.store(), storeOptions());
              platform.add("store", opened::close);
              HistoryWindow window =
                  new HistoryWindow(opened, HistoryWindow.DEFAULT, System::nanoTime);
              Thread compaction =
                  Thread.ofVirtual().name("compaction").start(() -> compact(window));
              platform.add("compaction", compaction::interrupt);
              return opened;
            });
    return phases.time(
        "api",
        () -> {
          AllocationPools.Ranges ranges = ranges();
          var access = new Access(pki, options, clock);
          ApiServer server =
              ApiServer.start(
                  new ApiServerConfig(
                      new InetSocketAddress("0.0.0.0", options.port),
                      Optional.of(
                          new ServerTls(
                              pki.serverIdentity("apiserver", names(ranges)),
                              ServerTls.ClientCertificates.REQUESTED)),
                      address.toString(),
                      ranges,
                      ApiServerConfig.DEFAULT_READS,
                      ApiServerConfig.DEFAULT_WRITES),
                  access.parts(store, loops, metrics, gateway, new AcceptedMark(timeline)));
          platform.add("api", () -> server.close(Duration.ofSeconds(2)));
          access.open(server, platform);
          if (!server.awaitReady(READY)) {
            throw new StartException("the API is not ready after " + READY.toSeconds() + " s");
          }
          pki.ensureAdminKubeconfig(layout.kubeconfig(), "https://127.0.0.1:" + server.port());
          return server;
        });
  }

  private RocksStoreOptions storeOptions() throws IOException {
    return StoreEncryption.configure(RocksStoreOptions.defaults(), layout, options);
  }

  private static void compact(HistoryWindow window) {
    try {
      while (true) {
        Thread.sleep(Duration.ofMinutes(1));
        window.tick();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private AllocationPools.Ranges ranges() throws StartException {
    String[] ends = options.nodePorts.split("-", -1);
    try {
      return new AllocationPools.Ranges(
          instance.serviceRange().toString(),
          Integer.parseInt(ends[0]),
          Integer.parseInt(ends[1]),
          PortProbe::isFree);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new StartException(
          "cannot use --service-node-port-range=" + options.nodePorts + ": want A-B", e);
    }
  }

  private SubjectAlternatives names(AllocationPools.Ranges ranges) throws UnknownHostException {
    Set<String> dns =
        new LinkedHashSet<>(
            List.of(
                "localhost",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc." + DOMAIN));
    Set<InetAddress> addresses = new LinkedHashSet<>();
    addresses.add(InetAddress.getByName("127.0.0.1"));
    addresses.add(InetAddress.getByName("0.0.0.0"));
    addresses.add(InetAddress.getByName(address.toString()));
    addresses.add(InetAddress.getByName(ranges.serviceAddress(1)));
    for (String name : options.sans) {
      if (name.matches("[0-9.]+|.*:.*")) {
        addresses.add(InetAddress.getByName(name));
      } else {
        dns.add(name);
      }
    }
    return new SubjectAlternatives(List.copyOf(dns), List.copyOf(addresses));
  }

  private Controllers startControllers(ApiServer server, Informers informers, ClusterPki pki) {
    Controllers controllers =
        Controllers.start(
            server.client(Identity.system("controllers")),
            informers,
            new ControllerSettings(
                pki.authorityPem(),
                instance.podRange().toString(),
                () -> listedResources(server)),
            clock);
    platform.add("controllers", controllers::close);
    return controllers;
  }

  /** Every resource that can be listed and deleted, in the stored version. */
  private static List<ResourceType> listedResources(ApiServer server) {
    var result = new ArrayList<ResourceType>();
    for (ResourceDefinition definition : server.registry().all()) {
      VersionDefinition stored = definition.storedVersion();
      if (stored.verbs().contains("list") && stored.verbs().contains("delete")) {
        result.add(definition.type(stored.name()));
      }
    }
    return result;
  }

  private InetSocketAddress startDns(ApiServer server, Informers informers) throws Exception {
    ClusterDns dns =
        ClusterDns.start(new InetSocketAddress(address.toString(), 0), informers, DOMAIN);
    platform.add("dns", dns::close);
    ApiClient client = server.client(Identity.system("dns"));
    DnsService.publish(client, clusterDns(), address.toString(), dns.port());
    return new InetSocketAddress(clusterDns(), 53);
  }

  private String clusterDns() {
    return instance.serviceRange().first().plus(10).toString();
  }

  private NodeAgent startNode(ApiServer server, Informers informers, HostParts host)
      throws Exception {
    ApiClient client = server.client(Identity.node(nodeName));
    var config =
        new NodeConfig(
            nodeName,
            instance.key(),
            layout.node(),
            layout.logs(),
            address.toString(),
            0,
            options.nodeLabels,
            Optional.of(clusterDns()),
            DOMAIN,
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
                        instance.key(),
                        layout.node().resolve("network"),
                        instance.podRange(),
                        instance.serviceRange(),
                        podRange,
                        address)));
    platform.add("network", datapath::close);
    ServiceProxy proxy = ServiceProxy.start(datapath, informers, nodeName);
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
    gateway.local(nodeName, new NodeEndpoint(agent));
    return agent;
  }

  private JsonObject facts(ApiServer server, Optional<InetSocketAddress> dns) {
    var result =
        JsonObject.builder()
            .put("name", instance.name())
            .put("pid", ProcessHandle.current().pid())
            .put("kubeconfig", layout.kubeconfig().toString())
            .put(
                "api",
                JsonObject.builder()
                    .put("url", "https://127.0.0.1:" + server.port())
                    .put("address", address + ":" + server.port())
                    .build())
            .put(
                "ranges",
                JsonObject.builder()
                    .put("pods", instance.podRange().toString())
                    .put("services", instance.serviceRange().toString())
                    .build());
    dns.ifPresent(
        d ->
            result.put(
                "dns", JsonObject.builder().put("address", d.getHostString() + ":53").build()));
    if (has("node")) {
      result.put(
          "node",
          JsonObject.builder().put("name", nodeName).put("address", address.toString()).build());
    }
    return result.put("parts", phases.parts()).build();
  }
}
