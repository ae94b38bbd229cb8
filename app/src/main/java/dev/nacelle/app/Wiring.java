package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.ApiServerConfig;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.pipeline.AllocationPools;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.controllers.ControllerSettings;
import dev.nacelle.controllers.Controllers;
import dev.nacelle.dns.ClusterDns;
import dev.nacelle.network.Ipv4;
import dev.nacelle.node.endpoint.NodeEndpoint;
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
import java.util.concurrent.Callable;
import java.util.function.Supplier;

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
  private final HostWiring host;

  private Wiring(
      Layout layout, UpOptions options, Instance instance, Platform platform, Phases phases)
      throws StartException {
    this.layout = layout;
    this.options = options;
    this.instance = instance;
    this.platform = platform;
    this.phases = phases;
    this.address = HostAddress.find(options.nodeAddress);
    // a name that was given at the first start is the node's for good
    this.nodeName =
        NodeNames.of(
            options.name.or(
                () -> Optional.of(instance.name()).filter(n -> !n.equals(Instance.DEFAULT_NAME))));
    this.host =
        new HostWiring(
            layout, options, instance.key(), platform, phases, clock, timeline, address, nodeName);
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
    EventLoops loops = EventLoops.start(1);
    platform.add("event loops", loops::close);
    if (options.server.isPresent()) {
      startFurtherHost(loops);
    } else {
      startCluster(loops);
    }
  }

  /** The cluster's first host: the API and whatever else the options name. */
  private void startCluster(EventLoops loops) throws StartException, InterruptedException {
    if (!has("api")) {
      throw new StartException(
          "cannot run --parts="
              + String.join(",", options.parts)
              + " without the API of a cluster: add 'api', or say --server");
    }
    if (has("node")) {
      host.open();
    }
    ClusterPki pki = phases.time("keys", () -> ClusterPki.open(layout.pki(), clock));
    // its port and keys need no API
    Optional<RegistryWiring> registry =
        has("registry")
            ? Optional.of(
                RegistryWiring.listen(
                    new RegistryWiring.Terms(
                        layout, options, instance, platform, phases, loops, metrics, clock),
                    pki,
                    () -> names(ranges()),
                    address.toString()))
            : Optional.empty();
    Api api = startApi(loops, pki);
    ApiServer server = api.server();
    Informers informers = api.informers();
    openRegistry(registry, api);
    Optional<Beside<Controllers>> controllers =
        has("controllers")
            ? Optional.of(Beside.start(phases, "controllers", () -> startControllers(api, pki)))
            : Optional.empty();
    controllers.ifPresent(c -> platform.add("start of controllers", c::interrupt));
    if (has("scheduler")) {
      phases.time("scheduler", () -> startScheduler(server, informers));
    }
    var ranges = new JoinRanges(instance.serviceRange(), instance.podRange(), clusterDns(), DOMAIN);
    var joining = Beside.start(phases, "join info", () -> letOthersIn(api, pki, ranges));
    platform.add("start of join info", joining::interrupt);
    Optional<Beside<ClusterDns>> dns =
        has("dns")
            ? Optional.of(Beside.start(phases, "dns", () -> startDns(server, informers)))
            : Optional.empty();
    if (has("node")) {
      if (registry.isPresent()) {
        host.clusterRegistry(Optional.of(registry.get().reachedBy(nodeName)));
      }
      NodeEndpoint endpoint =
          host.startNode(server.client(Identity.node(nodeName)), informers, ranges, 0);
      gateway.local(nodeName, endpoint);
      ApiClient asNode = server.client(Identity.node(nodeName));
      startPeers(loops, () -> firstAmongPeers(pki), asNode, informers);
    }
    if (controllers.isPresent()) {
      controllers.get().result();
      phases.time("defaults", () -> awaitDefaults(server));
    }
    if (dns.isPresent()) {
      dns.get().result();
    }
    JoinInfo join = joining.result();
    if (registry.isPresent()) {
      registry.get().awaitOpen();
    }
    var people =
        new People(
            pki,
            "https://127.0.0.1:" + server.port(),
            server.client(Identity.system("control")),
            join,
            clock);
    JsonObject reached =
        JsonObject.builder()
            .put("url", "https://127.0.0.1:" + server.port())
            .put("address", address + ":" + server.port())
            .build();
    var known =
        JsonObject.builder().put("kubeconfig", layout.kubeconfig().toString()).put("api", reached);
    if (registry.isPresent()) {
      known.put("registry", registry.get().facts());
    }
    startControl(loops, ranges, Optional.of(people), known);
  }

  private static void openRegistry(Optional<RegistryWiring> registry, Api api) {
    ApiClient client = api.server().client(Identity.system("registry"));
    if (registry.isPresent()) {
      registry.get().open(api.access().registry(), client);
    } else {
      RegistryHosting.withdraw(client);
    }
  }

  /** A further host: its node, under the API of a cluster that runs elsewhere. */
  private void startFurtherHost(EventLoops loops) throws StartException, InterruptedException {
    if (!options.parts.equals(List.of("node"))) {
      throw new StartException(
          "cannot run --parts="
              + String.join(",", options.parts)
              + " with --server: a further host runs --parts=node");
    }
    JoinedCluster joined =
        phases.time(
            "join",
            () ->
                JoinCluster.join(
                    new JoinCluster.Terms(
                        options.server.get(),
                        options.token,
                        nodeName,
                        layout.node().resolve("pki")),
                    clock));
    platform.add("joined", joined::close);
    // not before: a host that may not join has nothing to release
    host.open();
    Supplier<TlsIdentity> serving = joined.serving(address);
    NodeServer nodes =
        phases.time(
            "node server",
            () ->
                NodeServer.start(loops, address.toString(), serving, joined.authorities(), clock));
    platform.add("node server", nodes::close);
    RegistryFollower registry =
        RegistryFollower.start(
            joined.client(), joined.authorities(), joined.identity(), host::clusterRegistry);
    platform.add("registry", registry::close);
    Informers informers = new Informers(joined.client());
    platform.add("informers", informers::close);
    NodeEndpoint endpoint =
        host.startNode(joined.client(), informers, joined.ranges(), nodes.port());
    nodes.serve(endpoint::handle);
    var self =
        new PeerWiring.Self(nodeName, address, serving, joined.identity(), joined.authorities());
    startPeers(loops, () -> self, joined.client(), informers);
    JsonObject api = JsonObject.builder().put("url", options.server.get()).build();
    startControl(loops, joined.ranges(), Optional.empty(), JsonObject.builder().put("api", api));
  }

  private void startPeers(
      EventLoops loops, Callable<PeerWiring.Self> self, ApiClient client, Informers informers)
      throws StartException, InterruptedException {
    phases.time(
        "peers",
        () -> {
          host.peers().start(loops, self.call(), client, informers, platform);
          return true;
        });
  }

  /** The first host has no certificates of its own for its node: it makes some. */
  private PeerWiring.Self firstAmongPeers(ClusterPki pki) throws IOException {
    InetAddress own = InetAddress.getByName(address.toString());
    var names = new SubjectAlternatives(List.of(nodeName), List.of(own));
    Supplier<TlsIdentity> serving = pki.serverIdentity("peer", names);
    TlsIdentity client =
        pki.clientIdentity(
            "system:node:" + nodeName, List.of("system:nodes"), Duration.ofDays(3_650));
    return new PeerWiring.Self(
        nodeName, address, serving, () -> client, List.of(pki.authorityCertificate()));
  }

  /** "Up" means that hosts can join: not before the roles are made by which they may. */
  private JoinInfo letOthersIn(Api api, ClusterPki pki, JoinRanges ranges)
      throws InterruptedException {
    ApiServer server = api.server();
    var own =
        pki.clientIdentity(
            NodeServer.API_SERVER, List.of(NodeServer.MASTERS), Duration.ofDays(3_650));
    var remote =
        new RemoteNodes(
            server.client(Identity.system("nodes")),
            List.of(pki.authorityCertificate()),
            () -> own);
    gateway.others(remote);
    platform.add("remote nodes", remote::close);
    JoinInfo info =
        JoinInfo.publish(
            server.client(Identity.system("join")),
            "https://" + address + ":" + server.port(),
            pki.authorityPem(),
            ranges,
            clock);
    platform.add("join info", info::close);
    api.access().awaitRoles();
    return info;
  }

  /**
   * Pods need the service account of their namespace: "up" means that the default one can have
   * some.
   */
  private static boolean awaitDefaults(ApiServer server) throws InterruptedException {
    ApiClient client = server.client(Identity.system("up"));
    var account = new ObjectKey("default", "default");
    long end = System.nanoTime() + READY.toNanos();
    while (client.find(Resources.SERVICE_ACCOUNTS, account).isEmpty()) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(5);
    }
    return true;
  }

  private Scheduler startScheduler(ApiServer server, Informers informers) {
    Scheduler scheduler =
        Scheduler.start(server.client(Identity.system("scheduler")), informers, clock, timeline);
    platform.add("scheduler", scheduler::close);
    return scheduler;
  }

  private void startControl(
      EventLoops loops, JoinRanges ranges, Optional<People> people, JsonObject.Builder known)
      throws StartException, InterruptedException {
    known
        .put("name", instance.name())
        .put("pid", ProcessHandle.current().pid())
        .put(StartOptions.MEMBER, StartOptions.json(options))
        .put(
            "ranges",
            JsonObject.builder()
                .put("pods", ranges.clusterCidr().toString())
                .put("services", ranges.serviceCidr().toString())
                .build())
        .put("dns", JsonObject.builder().put("address", ranges.dns() + ":53").build());
    if (has("node")) {
      known.put(
          "node",
          JsonObject.builder().put("name", nodeName).put("address", address.toString()).build());
      host.peers().facts().ifPresent(facts -> known.put("peers", facts));
    }
    var services =
        new ControlServer.Services(platform, timeline, host.images(), people, host::diagnosis);
    phases.time(
        "control",
        () -> {
          ControlServer control = ControlServer.start(layout, loops, services);
          platform.add("control", control::close);
          return control;
        });
    platform.facts(known.put("parts", phases.parts()).build());
  }

  /** The API, and what all parts in this process see of the cluster. */
  private record Api(ApiServer server, Access access, Informers informers) {}

  private Api startApi(EventLoops loops, ClusterPki pki)
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
          var access = new Access(pki, store, options, metrics, clock);
          access.addTo(platform);
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
                  access.parts(store, loops, gateway, new AcceptedMark(timeline)));
          platform.add("api", () -> server.close(Duration.ofSeconds(2)));
          Informers informers = new Informers(server.client(Identity.system("informers")));
          platform.add("informers", informers::close);
          access.open(server, informers, platform);
          if (!server.awaitReady(READY)) {
            throw new StartException("the API is not ready after " + READY.toSeconds() + " s");
          }
          pki.ensureAdminKubeconfig(layout.kubeconfig(), "https://127.0.0.1:" + server.port());
          return new Api(server, access, informers);
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

  /** Beside the rest: at a first start the roles must be made, without which they are refused. */
  private Controllers startControllers(Api api, ClusterPki pki) throws InterruptedException {
    api.access().awaitRoles();
    ApiServer server = api.server();
    Controllers controllers =
        Controllers.start(
            server.client(Identity.system("controllers")),
            api.informers(),
            new ControllerSettings(
                pki.authorityPem(), instance.podRange().toString(), () -> listedResources(server)),
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

  private ClusterDns startDns(ApiServer server, Informers informers) throws Exception {
    ClusterDns dns =
        ClusterDns.start(new InetSocketAddress(address.toString(), 0), informers, DOMAIN);
    platform.add("dns", dns::close);
    ApiClient client = server.client(Identity.system("dns"));
    DnsService.publish(client, clusterDns().toString(), address.toString(), dns.port());
    return dns;
  }

  private Ipv4 clusterDns() {
    return instance.serviceRange().first().plus(10);
  }
}
