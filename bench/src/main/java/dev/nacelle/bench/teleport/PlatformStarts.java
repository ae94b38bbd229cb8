package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Pods;
import dev.nacelle.bench.report.Samples;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Pods of the image through the API; for one thread. */
final class PlatformStarts implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int CONNECT_MILLIS = 1000;

  private final Pods pods;
  private int made;

  private PlatformStarts(Pods pods) {
    this.pods = pods;
  }

  static PlatformStarts on(Instance instance) throws IOException, InterruptedException {
    return new PlatformStarts(Pods.on(instance.api()));
  }

  /** What is done with a pod that has ended, before it is removed. */
  @FunctionalInterface
  interface Look {
    void at(String uid) throws IOException, InterruptedException;
  }

  /** Milliseconds from sending the create request to the stamp of the first line of output. */
  double firstOutput(Workload workload, String image, Look look)
      throws IOException, InterruptedException {
    String name = nextName();
    Instant sent = Instant.now();
    String uid = create(workload, name, image);
    pods.awaitEnd(Set.of(name));
    double millis = CriLog.millisSince(sent, pods.log(name));
    look.at(uid);
    pods.remove(Set.of(name));
    return millis;
  }

  /** Milliseconds from sending the create request to the first byte of a server's reply. */
  double firstReply(String image) throws IOException, InterruptedException {
    String name = nextName();
    long sent = System.nanoTime();
    create(Workload.SERVER, name, image);
    String address = pods.awaitAddress(name);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!replies(address)) {
      if (System.nanoTime() > end) {
        throw new IOException("the server of pod " + name + " does not reply");
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    double millis = (System.nanoTime() - sent) / 1e6;
    pods.remove(Set.of(name));
    return millis;
  }

  private static boolean replies(String address) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, Workload.PORT), CONNECT_MILLIS);
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket
          .getOutputStream()
          .write("GET /usr/bin HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return socket.getInputStream().read() >= 0;
    } catch (IOException e) {
      return false; // nobody listens yet
    }
  }

  /**
   * Starts so many pods at once; for each the milliseconds from the first request to its output.
   */
  Samples many(int count, String image) throws IOException, InterruptedException {
    Set<String> names = new HashSet<>();
    Instant sent = Instant.now();
    for (int i = 0; i < count; i++) {
      String name = nextName();
      create(Workload.FIRST_OUTPUT, name, image);
      names.add(name);
    }
    pods.awaitEnd(names);
    var samples = new Samples();
    for (String name : names) {
      samples.add(CriLog.millisSince(sent, pods.log(name)));
    }
    pods.remove(names);
    return samples;
  }

  /** A pod that stays; its name. */
  String rest(String image) throws IOException, InterruptedException {
    String name = nextName();
    create(Workload.REST, name, image);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!started(name)) {
      if (System.nanoTime() > end) {
        throw new IOException("pod " + name + " does not start");
      }
      Thread.sleep(20);
    }
    return name;
  }

  private boolean started(String name) throws InterruptedException {
    try {
      return pods.log(name).contains("here");
    } catch (IOException e) {
      return false; // there is no container yet
    }
  }

  void remove(Set<String> names) throws IOException, InterruptedException {
    pods.remove(names);
  }

  /** Waits for the end of a pod that somebody else made; its log, then removes it. */
  String endOf(String name) throws IOException, InterruptedException {
    pods.awaitEnd(Set.of(name));
    String log = pods.log(name);
    pods.remove(Set.of(name));
    return log;
  }

  private String nextName() {
    return "teleport-" + made++;
  }

  private String create(Workload workload, String name, String image)
      throws IOException, InterruptedException {
    return pods.create(workload.pod(name, image));
  }

  @Override
  public void close() {
    pods.close();
  }
}
