package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One instance of the platform in a temporary directory, on a free port, started and stopped
 * through the root launcher. Closing it purges the instance, whatever state it is in, and fails if
 * anything of it is left on the host. For one thread, save {@link #kubectl}.
 */
public final class PlatformUnderTest implements AutoCloseable {
  /** The image that {@link #importBusybox} makes. */
  public static final String IMAGE = "nacelle.test/busybox:1";

  private static final Duration START = Duration.ofMinutes(15);

  private final Path directory;
  private final String name;
  private final int port;
  private Optional<HostTraces> traces = Optional.empty();

  private PlatformUnderTest(Path directory, String name, int port) {
    this.directory = directory;
    this.name = name;
    this.port = port;
  }

  /** An instance that is not started yet. */
  public static PlatformUnderTest create(String name) {
    return createIn(Path.of(System.getProperty("java.io.tmpdir")), name);
  }

  /** The same in a directory below this one. */
  public static PlatformUnderTest createIn(Path parent, String name) {
    try (var probe = new ServerSocket(0)) {
      return new PlatformUnderTest(
          Files.createTempDirectory(parent, "nacelle-" + name + "-"), name, probe.getLocalPort());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Why no instance can run here, by name; empty if one can. */
  public static Optional<String> missing() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("end-to-end tests need root");
    }
    if (Command.find("kubectl").isEmpty()) {
      return Optional.of("end-to-end tests need kubectl on the PATH");
    }
    if (Command.find("busybox").isEmpty()) {
      return Optional.of("end-to-end tests need busybox-static");
    }
    return Optional.empty();
  }

  /** The top directory of the sources, where the launcher is. */
  public static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.isExecutable(at.resolve("nacelle"))) {
      at =
          Optional.ofNullable(at.getParent())
              .orElseThrow(() -> new AssertionError("no ./nacelle here or above"));
    }
    return at;
  }

  /** Data directory. */
  public Path data() {
    return directory.resolve("data");
  }

  /** A directory beside the data, removed at the end. */
  public Path scratch() {
    return directory;
  }

  public String name() {
    return name;
  }

  public int port() {
    return port;
  }

  /** Any verb of the launcher, with {@code --data} of this instance. */
  public Command verb(String... words) {
    return launcher(words).with("--data", data().toString());
  }

  /** The launcher alone. */
  public static Command launcher(String... words) {
    return Command.of(root().resolve("nacelle").toString()).with(words);
  }

  /** The command line that starts it. */
  public Command upCommand(String... flags) {
    return verb("up").with("--port", Integer.toString(port), "--name", name).with(flags);
  }

  /** Starts it, which must succeed; what the launcher printed. */
  public String up(String... flags) {
    String said = upCommand(flags).run(START).ok();
    noteTraces();
    return said;
  }

  /** Learns what to look for at the end. */
  void noteTraces() {
    Path file = data().resolve("instance.json");
    if (traces.isPresent() || !Files.exists(file)) {
      return;
    }
    try {
      JsonObject instance = JsonReader.readObject(Bytes.wrap(Files.readAllBytes(file)));
      List<String> ranges = new ArrayList<>();
      for (String range : List.of("podRange", "serviceRange")) {
        ranges.add(instance.string(range).orElseThrow());
      }
      traces = Optional.of(new HostTraces(data(), instance.string("key").orElseThrow(), ranges));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops it with some flags, which must succeed. */
  public String down(String... flags) {
    return verb("down").with(flags).run(START).ok();
  }

  /** What {@code status -o json} says. */
  public JsonObject status() {
    return JsonReader.readObject(Bytes.utf8(verb("status", "-o", "json").run().ok()));
  }

  /** Imports a root filesystem of the host's busybox as {@link #IMAGE}. */
  public void importBusybox() {
    Path tree = BusyboxTree.write(directory.resolve("busybox"));
    verb("image", "import", tree.toString(), "--name", IMAGE).run().ok();
    delete(tree);
  }

  /** The kubectl of the PATH. */
  public Kubectl kubectl() {
    return kubectl(Command.find("kubectl").orElseThrow());
  }

  /** Another kubectl. */
  public Kubectl kubectl(Path program) {
    Path home = directory.resolve("home");
    try {
      Files.createDirectories(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Kubectl(program, data().resolve("kubeconfig"), home);
  }

  /** The kubectl of the PATH for somebody who has a token and no certificate. */
  public Kubectl kubectlBearing(String token) {
    String cluster = "{.clusters[0].cluster.";
    String config =
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: it, cluster: {server: "%s", certificate-authority-data: "%s"}}]
        users: [{name: somebody, user: {token: "%s"}}]
        contexts: [{name: it, context: {cluster: it, user: somebody}}]
        current-context: it
        """
            .formatted(
                view(cluster + "server}"), view(cluster + "certificate-authority-data}"), token);
    Kubectl own = kubectl();
    try {
      Path file = Files.writeString(Files.createTempFile(directory, "token", ".yaml"), config);
      return own.with(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String view(String path) {
    return kubectl().ok("config", "view", "--raw", "-o", "jsonpath=" + path);
  }

  /** The process of the platform. */
  public ProcessHandle process() {
    return platformProcess().orElseThrow(() -> new AssertionError("the platform does not run"));
  }

  private Optional<ProcessHandle> platformProcess() {
    try {
      return ProcessHandle.of(
              Long.parseLong(Files.readString(data().resolve("nacelle.pid")).strip()))
          // a pid file may be older than a process that has its number now
          .filter(p -> HostTraces.commandLine(p.pid()).contains(data().toString()));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** The platform's process, from its first moment on: before there is a pid file. */
  Optional<ProcessHandle> newestProcess() {
    return ProcessHandle.allProcesses()
        .filter(
            p -> {
              String line = HostTraces.commandLine(p.pid());
              return line.contains("dev.nacelle.app.Main up") && line.contains(data() + " ");
            })
        .findFirst();
  }

  /** {@code kill -9} of the platform's own process; returns once it is gone. */
  public void kill() {
    kill(process());
    noteTraces();
  }

  /** {@code kill -9}; returns once it is gone. */
  public static void kill(ProcessHandle process) {
    process.destroyForcibly();
    Eventually.holds("process " + process.pid() + " is gone", () -> !process.isAlive());
  }

  /** The processes of this instance whose program's name begins so: keeper, monitor. */
  public List<ProcessHandle> companions(String program) {
    noteTraces();
    String begin = data() + "/node/bin/" + program + "-";
    try {
      return traces.orElseThrow().processes().stream()
          .filter(pid -> HostTraces.commandLine(pid).startsWith(begin))
          // a monitor that waits for its container has no name yet
          .filter(pid -> !HostTraces.commandLine(pid).contains(" ------"))
          .flatMap(pid -> ProcessHandle.of(pid).stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A line for each thing of this instance in the kernel and among the processes. */
  public List<String> traces() {
    noteTraces();
    return traces.map(HostTraces::found).orElse(List.of());
  }

  /** The end of the platform's log, for the diagnosis of a failure. */
  public String logTail() {
    var text = new StringBuilder();
    try (Stream<Path> logs = Files.list(data().resolve("logs"))) {
      for (Path log : logs.filter(Files::isRegularFile).toList()) {
        List<String> lines = Files.readAllLines(log);
        text.append("--- ").append(log).append('\n');
        lines
            .subList(Math.max(0, lines.size() - 60), lines.size())
            .forEach(l -> text.append(l).append('\n'));
      }
    } catch (IOException e) {
      text.append("(no logs: ").append(e.getMessage()).append(")\n");
    }
    return text.toString();
  }

  /** Purges it, and checks that nothing is left. */
  @Override
  public void close() {
    noteTraces();
    Command.Outcome purge = verb("down", "--purge").run(START);
    List<String> left = traces();
    endForcibly();
    assertThat(purge.exitCode()).as("%s%n%s", purge.command(), purge.all()).isZero();
    assertThat(left).as("what '%s' left on the host", purge.command()).isEmpty();
    assertThat(Files.exists(data())).as("the data directory is left").isFalse();
    assertThat(indexes()).as("the index on this host is left").isEmpty();
    delete(directory);
  }

  /** Where this host notes that the instance has an index, and with it ranges of addresses. */
  private List<Path> indexes() {
    try (Stream<Path> notes = Files.list(Path.of("/run/nacelle/instances"))) {
      var held = new ArrayList<Path>();
      for (Path note : (Iterable<Path>) notes::iterator) {
        if (Files.readString(note).contains(data().toString())) {
          held.add(note);
        }
      }
      return held;
    } catch (NoSuchFileException e) {
      return List.of(); // no instance has ever been started here, or one was purged just now
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A failed purge must not spoil the tests that follow. */
  private void endForcibly() {
    try {
      for (long pid : traces.isPresent() ? traces.get().processes() : List.<Long>of()) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path tree) {
    try {
      Trees.delete(tree);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + tree, e);
    }
  }
}
