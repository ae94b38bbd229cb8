package dev.nacelle.bench.hosts;

import dev.nacelle.bench.platform.ApiConnection;
import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.bench.platform.Pods;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Pods that read the whole image, one on each of some hosts, from nothing. For one thread. */
final class Readers implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String FETCHED = "nacelle_layer_fetched_bytes_total{from=";
  private static final int KILLED_AT = 4; // of so many parts of the image

  private final HostCluster cluster;
  private final ApiConnection api;
  private final Pods pods;
  private final String expected;
  private final PrintStream out;
  private int made;

  private Readers(
      HostCluster cluster, ApiConnection api, Pods pods, String expected, PrintStream out) {
    this.cluster = cluster;
    this.api = api;
    this.pods = pods;
    this.expected = expected;
    this.out = out;
  }

  /**
   * @param expected what each of them has to say
   */
  static Readers of(HostCluster cluster, String expected, PrintStream out)
      throws IOException, InterruptedException {
    return new Readers(cluster, cluster.api(), Pods.on(cluster.api()), expected, out);
  }

  /** A reader on its way, and what its host had got before. */
  private record Running(
      BenchHost host, String pod, Instant sent, long registryBefore, long peersBefore) {}

  private Running begin(HostCluster.Place place, BenchHost host)
      throws IOException, InterruptedException {
    String pod = "reader-" + made++;
    long registry = place.line().receivedBytes(host.host().address());
    long peers = fetched(host, "peer");
    Instant sent = Instant.now();
    pods.create(
        new Pods.Spec(
            pod, place.image(), "IfNotPresent", WholeRead.command("/"), Optional.of(host.name())));
    return new Running(host, pod, sent, registry, peers);
  }

  /** Checks what the reader has said. */
  private Reading.OfHost end(HostCluster.Place place, Running running)
      throws IOException, InterruptedException {
    String log = pods.log(running.pod());
    if (!log.contains(expected)) {
      throw new IOException(
          "wrong bytes on host " + running.host().name() + ": " + log + "; wanted: " + expected);
    }
    running.host().hasRead();
    return new Reading.OfHost(
        CriLog.millisSince(running.sent(), log) / 1e3,
        place.line().receivedBytes(running.host().host().address()) - running.registryBefore(),
        fetched(running.host(), "peer") - running.peersBefore());
  }

  /** One host after the other. */
  Reading inTurn(String way, HostCluster.Place place, List<BenchHost> hosts)
      throws IOException, InterruptedException, VerbException {
    cluster.forget();
    var done = new ArrayList<Reading.OfHost>();
    Set<String> names = new HashSet<>();
    for (BenchHost host : hosts) {
      Running running = begin(place, host);
      names.add(running.pod());
      pods.awaitEnd(Set.of(running.pod()));
      done.add(end(place, running));
    }
    pods.remove(names);
    return new Reading(way, place.millis(), done);
  }

  /** All of them at once. */
  Reading atOnce(String way, HostCluster.Place place, List<BenchHost> hosts)
      throws IOException, InterruptedException, VerbException {
    cluster.forget();
    List<Running> running = beginAll(place, hosts);
    pods.awaitEnd(names(running));
    return endAll(way, place, running);
  }

  /**
   * All of them at once; when a part of the image has come to the last one, its platform is killed,
   * and started again once the others are done. Its counters begin anew then.
   */
  Reading lastOneKilled(String way, HostCluster.Place place, List<BenchHost> hosts, long bytes)
      throws IOException, InterruptedException, VerbException {
    cluster.forget();
    List<Running> running = beginAll(place, hosts);
    Running victim = running.getLast();
    long before = all(victim.host());
    long had = awaitFetched(victim.host(), before + bytes / KILLED_AT) - before;
    long fromPeers = fetched(victim.host(), "peer") - victim.peersBefore();
    victim.host().instance().kill();
    out.printf("killed: the last host, when it had %.0f MB of %.0f%n", had / 1e6, bytes / 1e6);
    List<Running> others = running.subList(0, running.size() - 1);
    pods.awaitEnd(names(others));
    victim.host().join(cluster.hosts().getFirst(), HostCluster.Peers.ASKED);
    pods.awaitEnd(Set.of(victim.pod()));
    var anew =
        new Running(
            victim.host(), victim.pod(), victim.sent(), victim.registryBefore(), -fromPeers);
    var all = new ArrayList<>(others);
    all.add(anew);
    return endAll(way, place, all);
  }

  private List<Running> beginAll(HostCluster.Place place, List<BenchHost> hosts)
      throws IOException, InterruptedException {
    var running = new ArrayList<Running>();
    for (BenchHost host : hosts) {
      running.add(begin(place, host));
    }
    return running;
  }

  private Reading endAll(String way, HostCluster.Place place, List<Running> running)
      throws IOException, InterruptedException {
    var done = new ArrayList<Reading.OfHost>();
    for (Running one : running) {
      done.add(end(place, one));
    }
    pods.remove(names(running));
    return new Reading(way, place.millis(), done);
  }

  private static Set<String> names(List<Running> running) {
    Set<String> names = new HashSet<>();
    running.forEach(r -> names.add(r.pod()));
    return names;
  }

  private long awaitFetched(BenchHost host, long bytes) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    long now = all(host);
    while (now < bytes) {
      if (System.nanoTime() > end) {
        throw new IOException("host " + host.name() + " does not read");
      }
      Thread.sleep(5);
      now = all(host);
    }
    return now;
  }

  private long all(BenchHost host) throws IOException, InterruptedException {
    return fetched(host, "peer") + fetched(host, "origin");
  }

  /** Bytes of chunks that a host has from somewhere, since its platform was started. */
  private long fetched(BenchHost host, String from) throws IOException, InterruptedException {
    return api.text("/api/v1/nodes/" + host.name() + "/proxy/metrics")
        .lines()
        .filter(l -> l.startsWith(FETCHED + '"' + from + '"'))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Override
  public void close() {
    pods.close();
    api.close();
  }
}
