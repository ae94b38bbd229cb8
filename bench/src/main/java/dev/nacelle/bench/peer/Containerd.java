package dev.nacelle.bench.peer;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.report.Command;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A containerd of its own: its root, state and socket in a working directory, and the whole of it,
 * shims and containers included, in a network, mount and pid namespace of its own, so that ending
 * one process leaves no process, mount, bridge or address behind. Closing it also removes its
 * cgroups and files.
 */
public final class Containerd implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final String PLUGINS = "/usr/lib/cni";

  private final Path work;
  private final Process process;
  private final String cgroup;

  private Containerd(Path work, Process process, String cgroup) {
    this.work = work;
    this.process = process;
    this.cgroup = cgroup;
  }

  /**
   * Starts it and waits until its CRI answers.
   *
   * @param pauseImage reference of the image of sandboxes, to be imported
   */
  public static Containerd start(Path parent, String pauseImage)
      throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(parent, "nacelle-bench-peer-");
    Path network = Files.createDirectories(work.resolve("net.d")).resolve("10-bridge.conflist");
    Files.writeString(network, bridge(work));
    Path config = work.resolve("config.toml");
    Files.writeString(config, config(work, pauseImage));
    Process process =
        new ProcessBuilder(
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--mount-proc",
                "--propagation",
                "private",
                "--kill-child=KILL",
                "sh",
                "-c",
                // the shell stays as the first process and reaps what is left to it
                "ip link set lo up; mount -t tmpfs none /run; containerd --config \"$1\" & wait; exit 1",
                "sh",
                config.toString())
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("containerd.log").toFile())
            .start();
    Containerd peer = new Containerd(work, process, "/nacelle-bench-" + process.pid());
    try {
      peer.awaitStart();
    } catch (IOException | InterruptedException | RuntimeException e) {
      peer.close();
      throw e;
    }
    return peer;
  }

  private static String bridge(Path work) {
    return """
        {"cniVersion": "0.4.0", "name": "bench", "plugins": [{
          "type": "bridge", "bridge": "bench0", "isGateway": true, "ipMasq": false,
          "ipam": {"type": "host-local", "dataDir": "%s/ipam",
            "ranges": [[{"subnet": "10.250.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
        """
        .formatted(work);
  }

  private static String config(Path work, String pauseImage) {
    return """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        [grpc]
          address = "%1$s/containerd.sock"
        [ttrpc]
          address = "%1$s/containerd.sock.ttrpc"
        [plugins."io.containerd.grpc.v1.cri"]
          sandbox_image = "%2$s"
          restrict_oom_score_adj = true
          disable_apparmor = true
          [plugins."io.containerd.grpc.v1.cri".cni]
            bin_dir = "%3$s"
            conf_dir = "%1$s/net.d"
        [plugins."io.containerd.internal.v1.opt"]
          path = "%1$s/opt"
        """
        .formatted(work, pauseImage, PLUGINS);
  }

  private void awaitStart() throws IOException, InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    Path socket = work.resolve("containerd.sock");
    while (true) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException("cannot start containerd: " + lastWords());
      }
      if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
        try (CriClient client = client()) {
          client.version();
          return;
        } catch (StatusRuntimeException e) {
          // its services come one after the other
        }
      }
      Thread.sleep(20);
    }
  }

  private String lastWords() throws IOException {
    String log = Files.readString(work.resolve("containerd.log"), StandardCharsets.UTF_8).strip();
    return log.substring(Math.max(0, log.length() - 800));
  }

  /** Its version and that of runc, in one line. */
  public static String versions() throws IOException, InterruptedException {
    return Command.output("containerd", "--version").strip()
        + "; "
        + Command.output("runc", "--version").lines().findFirst().orElse("");
  }

  public void importImage(Path archive) throws IOException, InterruptedException {
    ctr("images", "import", archive.toString());
  }

  /** Removes an image with its unpacked layers, and waits until they are gone. */
  public void removeImage(String reference) throws IOException, InterruptedException {
    ctr("images", "remove", "--sync", reference);
  }

  private void ctr(String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("ctr", "--namespace", "k8s.io", "--address"));
    all.add(work.resolve("containerd.sock").toString());
    all.addAll(List.of(words));
    Command.output(all.toArray(String[]::new));
  }

  /** Its network namespace, in which what it asks for must be reachable. */
  public Path networkNamespace() {
    return Path.of("/proc", String.valueOf(process.pid()), "ns", "net");
  }

  public CriClient client() {
    return new CriClient(work.resolve("containerd.sock"));
  }

  /** A pod whose logs lie in this instance's directory. */
  public CriClient.Pod pod(String name) throws IOException {
    return new CriClient.Pod(
        name, name, Files.createDirectories(work.resolve("logs").resolve(name)), cgroup);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroyForcibly();
    process.waitFor(10, TimeUnit.SECONDS);
    removeCgroups();
    Trees.delete(work);
  }

  /** What runc made above the containers stays behind, empty. */
  private void removeCgroups() throws IOException, InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    List<Path> hierarchies;
    try (Stream<Path> all = Files.list(Path.of("/sys/fs/cgroup"))) {
      hierarchies =
          Stream.concat(Stream.of(Path.of("/sys/fs/cgroup")), all)
              .map(h -> h.resolve(cgroup.substring(1)))
              .filter(Files::isDirectory)
              .toList();
    }
    for (Path hierarchy : hierarchies) {
      while (Files.exists(hierarchy)) {
        try (Stream<Path> groups = Files.walk(hierarchy)) {
          List<Path> deepestFirst =
              groups.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList();
          for (Path group : deepestFirst) {
            Files.delete(group);
          }
        } catch (IOException | java.io.UncheckedIOException e) {
          // the killed processes need a moment to leave
          if (System.nanoTime() > end) {
            throw new IOException("cannot remove the cgroup " + hierarchy, e);
          }
          Thread.sleep(10);
        }
      }
    }
  }
}
