package dev.nacelle.bench.hosts;

import dev.nacelle.bench.platform.ApiConnection;
import dev.nacelle.bench.platform.HostImages;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.cli.VerbException;
import dev.nacelle.testbed.HostNetwork;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One host of the cluster: a network namespace and the platform in it. For one thread. */
final class BenchHost {
  /** By then a platform has written down what a start needed; what is deleted then stays so. */
  private static final Duration WRITTEN_DOWN = Duration.ofSeconds(5);

  private final HostNetwork.Host host;
  private final Instance instance;
  private final Path registries;
  private long readNanos = System.nanoTime() - WRITTEN_DOWN.toNanos();
  private int forwarded;
  private boolean joined;

  BenchHost(HostNetwork.Host host, Instance instance, Path registries) {
    this.host = host;
    this.instance = instance;
    this.registries = registries;
  }

  HostNetwork.Host host() {
    return host;
  }

  Instance instance() {
    return instance;
  }

  /** Of its node. */
  String name() {
    return instance.name();
  }

  /** Where its API is to be had from here. */
  void reachedBy(int port) {
    forwarded = port;
  }

  ApiConnection api() throws IOException {
    return instance.api(forwarded);
  }

  /** Starts it as the first of a cluster. */
  void start(HostCluster.Peers peers) throws IOException, InterruptedException {
    instance.up(flags(peers).toArray(String[]::new));
  }

  /** Starts it as a further one, for the first time or again. */
  void join(BenchHost first, HostCluster.Peers peers) throws IOException, InterruptedException {
    String server = "https://" + first.host.at(first.instance.port());
    var flags = new ArrayList<>(flags(peers));
    if (!joined) {
      flags.addAll(List.of("--token", first.instance.joinToken()));
    }
    instance.join(server, flags.toArray(String[]::new));
    joined = true;
  }

  private List<String> flags(HostCluster.Peers peers) {
    var flags = new ArrayList<>(List.of("--node-address", host.address().getHostAddress()));
    flags.addAll(List.of("--registries", registries.toString()));
    if (peers == HostCluster.Peers.NONE) {
      flags.add("--no-peers");
    }
    return flags;
  }

  /** A container here has just read the image. */
  void hasRead() {
    readNanos = System.nanoTime();
  }

  /** Removes the image and what is known of its starts. */
  void forget() throws IOException, InterruptedException, VerbException {
    long left = readNanos + WRITTEN_DOWN.toNanos() - System.nanoTime();
    if (left > 0) {
      Thread.sleep(Duration.ofNanos(left));
    }
    try (HostImages images = new HostImages(instance)) {
      images.forget();
    }
  }
}
