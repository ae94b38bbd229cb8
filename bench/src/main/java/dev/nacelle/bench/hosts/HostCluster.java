package dev.nacelle.bench.hosts;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.image.DebianImage;
import dev.nacelle.bench.image.ImagePusher;
import dev.nacelle.bench.platform.ApiConnection;
import dev.nacelle.bench.platform.HostImages;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.OpenParts;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.cli.VerbException;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.testbed.DebianRegistry;
import dev.nacelle.testbed.DelayingProxy;
import dev.nacelle.testbed.HostNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Four hosts that are network namespaces, one cluster, and a registry that only reads, behind a
 * line for each distance. Closing it ends and removes all of it. For one thread.
 */
final class HostCluster implements AutoCloseable {
  static final int HOSTS = 4;

  private static final List<Duration> AWAY = List.of(Duration.ZERO, Duration.ofMillis(20));
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String REPOSITORY = "bench";
  private static final String PEER = "containers.nacelle.dev/peer";

  /** The registry, so far away. */
  record Place(Duration away, DelayingProxy line, String image) {
    String millis() {
      return String.valueOf(away.toMillis());
    }
  }

  /** Whether hosts ask one another. */
  enum Peers {
    ASKED,
    NONE
  }

  private final Path work;
  private final OpenParts open = new OpenParts();
  private final List<Place> places = new ArrayList<>();
  private final List<BenchHost> hosts = new ArrayList<>();

  private HostCluster(Path work) {
    this.work = work;
  }

  /** An empty one: only what closing it has to remove. */
  static HostCluster in(Session session) throws IOException {
    return new HostCluster(Files.createTempDirectory(session.work(), "nacelle-bench-peers-"));
  }

  Path work() {
    return work;
  }

  List<Place> places() {
    return places;
  }

  List<BenchHost> hosts() {
    return hosts;
  }

  /** Starts everything; then all hosts are ready, know one another, and have no image. */
  void start(Session session, DebianImage image)
      throws IOException, InterruptedException, VerbException {
    HostNetwork network = HostNetwork.of(HOSTS);
    open.add(network::close);
    DebianRegistry writable = DebianRegistry.start(work);
    int registry = open.add(writable::close);
    ImagePusher.push(image, writable.host() + "/" + REPOSITORY + ":1", RegistrySettings.DEFAULT);
    for (Duration away : AWAY) {
      DelayingProxy line = DelayingProxy.start(network.listen(), writable.port(), away);
      open.add(line::close);
      String name = network.middle().at(line.port()) + "/" + REPOSITORY + ":1";
      places.add(new Place(away, line, name));
    }
    Path registries = registries(network);
    for (HostNetwork.Host host : network.hosts()) {
      Instance instance = Instance.on(host, session.root(), session.work());
      open.add(instance::close);
      hosts.add(new BenchHost(host, instance, registries));
    }
    BenchHost first = hosts.getFirst();
    first.start(Peers.ASKED);
    try (HostImages images = new HostImages(first.instance())) {
      images.convert(places.getFirst().image());
      images.prune();
    }
    DebianRegistry readOnly = writable.readOnly();
    open.replace(registry, readOnly::close);
    DelayingProxy api =
        DelayingProxy.start(
            DelayingProxy.listen(0),
            () -> network.connect(first.host(), first.instance().port()),
            Duration.ZERO);
    open.add(api::close);
    first.reachedBy(api.port());
    for (BenchHost further : hosts.subList(1, HOSTS)) {
      further.join(first, Peers.ASKED);
    }
    awaitPeers();
  }

  private Path registries(HostNetwork network) throws IOException {
    var text = new StringBuilder("registries:\n");
    for (Place place : places) {
      text.append("  \"")
          .append(network.middle().at(place.line().port()))
          .append("\": {plainHttp: true}\n");
    }
    return Files.writeString(work.resolve("registries.yaml"), text);
  }

  /** Ends the platforms, and starts them anew: with or without peers. */
  void restart(Peers peers) throws IOException, InterruptedException {
    for (BenchHost host : hosts.reversed()) {
      host.instance().down();
    }
    BenchHost first = hosts.getFirst();
    first.start(peers);
    for (BenchHost further : hosts.subList(1, HOSTS)) {
      further.join(first, peers);
    }
  }

  /** Waits until each host has told the others where it serves. */
  private void awaitPeers() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try (ApiConnection api = api()) {
      for (BenchHost host : hosts) {
        while (api.get("/api/v1/nodes/" + host.name())
            .string("metadata", "annotations", PEER)
            .isEmpty()) {
          if (System.nanoTime() > end) {
            throw new IOException("node " + host.name() + " serves no peers");
          }
          Thread.sleep(50);
        }
      }
    }
  }

  /** The API of the cluster, from here. */
  ApiConnection api() throws IOException {
    return hosts.getFirst().api();
  }

  /** Makes the next read one of hosts that have never seen the image. */
  void forget() throws IOException, InterruptedException, VerbException {
    for (BenchHost host : hosts) {
      host.forget();
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    try {
      open.close();
    } finally {
      Trees.delete(work);
    }
  }
}
