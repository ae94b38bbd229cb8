package dev.nacelle.bench.podstart;

import dev.nacelle.bench.peer.Containerd;
import dev.nacelle.bench.peer.ImageArchive;
import dev.nacelle.bench.peer.PauseImage;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Target;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A bare pod of a local image, one after the other: from the request to the first byte of output,
 * through the platform and, run by run in turn, through Debian's containerd and runc. The
 * platform's way includes its API over HTTPS, its store and its scheduler; the peer's starts at its
 * CRI.
 */
public final class PodStart {
  static final List<String> COMMAND = List.of("/bin/busybox", "echo", "first");
  private static final String IMAGE = "nacelle.local/bench:1";
  private static final String PAUSE = "nacelle.local/bench-pause:1";
  private static final int WARM_UP = 5;

  private PodStart() {}

  /** With or without the peer. */
  public enum Peer {
    BESIDE,
    NONE
  }

  public static void run(Session session, int count, Peer beside)
      throws IOException, InterruptedException, VerbException {
    PrintStream out = session.out();
    try (Instance instance = session.instance()) {
      Path archive = instance.work().resolve("bench.tar");
      ImageArchive.write(archive, IMAGE, busybox(), "/bin/busybox");
      instance.up();
      instance.importImage(archive, IMAGE);
      try (PlatformPods pods = PlatformPods.on(instance, IMAGE)) {
        if (beside == Peer.NONE) {
          alone(session, instance, pods, count);
          return;
        }
        try (Containerd containerd = Containerd.start(session.work(), PAUSE);
            PeerPods peers = new PeerPods(containerd, IMAGE)) {
          containerd.importImage(PauseImage.write(instance.work(), PAUSE));
          containerd.importImage(archive);
          for (int i = -WARM_UP; i < count; i++) {
            PlatformPods.Counted counted = counted(i);
            pods.run("bench-" + (i + WARM_UP), counted);
            peers.run("bench-" + (i + WARM_UP), counted);
          }
          heading(session, count);
          out.println("peer: " + Containerd.versions() + "; bridge plugin");
          out.println();
          pods.print(out);
          out.println();
          peers.print(out);
          out.println();
          verdict(pods, out);
          out.printf(
              "first output, peer / platform: %.1f (p50), %.1f (p99)%n",
              peers.output().median() / pods.output().median(),
              peers.output().quantile(0.99) / pods.output().quantile(0.99));
        }
      }
    }
  }

  private static void alone(Session session, Instance instance, PlatformPods pods, int count)
      throws IOException, InterruptedException, VerbException {
    for (int i = -WARM_UP; i < count; i++) {
      if (i == 0) {
        session.profile().begin(instance);
      }
      pods.run("bench-" + (i + WARM_UP), counted(i));
    }
    session.profile().end(instance, "pod-start");
    heading(session, count);
    session.out().println();
    pods.print(session.out());
    session.out().println();
    verdict(pods, session.out());
  }

  private static PlatformPods.Counted counted(int run) {
    return run < 0 ? PlatformPods.Counted.NO : PlatformPods.Counted.YES;
  }

  private static void heading(Session session, int count) throws IOException, InterruptedException {
    session.heading(
        "pod-start: %d bare pods of a local image, one after the other (%d before them not counted)"
            .formatted(count, WARM_UP));
  }

  private static void verdict(PlatformPods pods, PrintStream out) {
    Target.below("first output, p50", "ms", 60, 30).print(pods.output().median(), out);
  }

  private static Path busybox() throws IOException {
    for (Path place : List.of(Path.of("/bin/busybox"), Path.of("/usr/bin/busybox"))) {
      if (Files.isExecutable(place)) {
        return place.toRealPath();
      }
    }
    throw new IOException("there is no busybox here; install busybox-static");
  }
}
