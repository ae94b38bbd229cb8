package dev.nacelle.bench.teleport;

import dev.nacelle.bench.peer.Containerd;
import dev.nacelle.bench.peer.CriClient;
import dev.nacelle.bench.peer.PauseImage;
import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.testbed.DelayingProxy;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The same image through Debian's containerd: pull, unpack, start. It lives in a network namespace
 * of its own; the far registries are shown to it there under the names they have here.
 */
final class PeerStarts implements AutoCloseable {
  private static final String PAUSE = "nacelle.local/bench-pause:1";
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final int STOPS = 50;

  private final Containerd containerd;
  private final CriClient cri;
  private final List<DelayingProxy> proxies = new ArrayList<>();
  private int pods;

  private PeerStarts(Containerd containerd) {
    this.containerd = containerd;
    this.cri = containerd.client();
  }

  /**
   * @param parent below which it lives: its sockets bear no long path
   * @param work for the image of its sandboxes
   */
  static PeerStarts start(Path parent, Path work, FarRegistry registry)
      throws IOException, InterruptedException {
    var peer = new PeerStarts(Containerd.start(parent, PAUSE));
    boolean done = false;
    try {
      peer.containerd.importImage(PauseImage.write(work, PAUSE));
      try (NetworkNamespace network = NetworkNamespace.open(peer.containerd.networkNamespace())) {
        for (FarRegistry.Place place : registry.places()) {
          ServerSocket listener = network.call(() -> DelayingProxy.listen(place.proxy().port()));
          peer.proxies.add(DelayingProxy.start(listener, registry.port(), place.away()));
        }
      }
      done = true;
      return peer;
    } finally {
      if (!done) {
        peer.close();
      }
    }
  }

  /** How long it took, and what it fetched. */
  record Cold(double millis, long bytes) {}

  /** From the request to pull until the stamp of the first line of output. */
  Cold cold(String image) throws IOException, InterruptedException {
    long before = received();
    Instant sent = Instant.now();
    cri.pullImage(image);
    CriClient.Pod pod = containerd.pod("teleport-" + pods++);
    String sandbox = cri.runPodSandbox(pod);
    cri.startContainer(
        cri.createContainer(sandbox, pod, image, Workload.FIRST_OUTPUT.command(), "main.log"));
    double millis =
        CriLog.millisSince(
            sent, CriLog.awaitLine(pod.logDirectory().resolve("main.log"), PATIENCE));
    cri.stopPodSandbox(sandbox, STOPS);
    cri.removePodSandbox(sandbox);
    cri.removeImage(image);
    return new Cold(millis, received() - before);
  }

  private long received() {
    return proxies.stream().mapToLong(DelayingProxy::receivedBytes).sum();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    for (DelayingProxy proxy : proxies) {
      proxy.close();
    }
    cri.close();
    containerd.close();
  }
}
