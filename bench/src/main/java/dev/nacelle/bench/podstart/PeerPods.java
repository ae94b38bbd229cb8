package dev.nacelle.bench.podstart;

import dev.nacelle.bench.peer.Containerd;
import dev.nacelle.bench.peer.CriClient;
import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;

/** Starts pods through the CRI of the peer one after the other; for one thread. */
final class PeerPods implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int STOPS = 20;

  private final Containerd containerd;
  private final CriClient cri;
  private final String image;
  private final Samples sandbox = new Samples();
  private final Samples created = new Samples();
  private final Samples started = new Samples();
  private final Samples output = new Samples();

  PeerPods(Containerd containerd, String image) {
    this.containerd = containerd;
    this.cri = containerd.client();
    this.image = image;
  }

  /** A pod from its sandbox to its removal. */
  void run(String name, PlatformPods.Counted counted) throws IOException, InterruptedException {
    CriClient.Pod pod = containerd.pod(name);
    Instant sent = Instant.now();
    long began = System.nanoTime();
    String id = cri.runPodSandbox(pod);
    double sandboxed = millisSince(began);
    String container = cri.createContainer(id, pod, image, PodStart.COMMAND, "main.log");
    double made = millisSince(began);
    cri.startContainer(container);
    double running = millisSince(began);
    double first =
        CriLog.millisSince(
            sent, CriLog.awaitLine(pod.logDirectory().resolve("main.log"), PATIENCE));
    cri.stopPodSandbox(id, STOPS);
    cri.removePodSandbox(id);
    if (counted == PlatformPods.Counted.YES) {
      sandbox.add(sandboxed);
      created.add(made);
      started.add(running);
      output.add(first);
    }
  }

  private static double millisSince(long began) {
    return (System.nanoTime() - began) / 1e6;
  }

  /** From sending the request to the stamp of the first log line, in milliseconds. */
  Samples output() {
    return output;
  }

  void print(PrintStream out) {
    Table table = Table.ofQuantiles("peer, ms since the request was sent");
    table.quantiles("RunPodSandbox answered", sandbox);
    table.quantiles("CreateContainer answered", created);
    table.quantiles("StartContainer answered", started);
    table.quantiles("first output (stamp of the log line)", output);
    table.print(out);
  }

  @Override
  public void close() throws InterruptedException {
    cri.close();
  }
}
