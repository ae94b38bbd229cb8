package dev.nacelle.testkit.e2e;

import dev.nacelle.base.files.Trees;
import dev.nacelle.testbed.HostNetwork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A host of the platform that is a network namespace, with a data directory of its own. */
final class NamespacedHost implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(15);

  private final HostNetwork.Host host;
  private final String name;
  private final Path directory;
  private List<String> flags = List.of();

  /**
   * @param name of its node
   */
  NamespacedHost(HostNetwork.Host host, String name) throws IOException {
    this.host = host;
    this.name = name;
    this.directory = Files.createTempDirectory("nacelle-" + name + "-");
  }

  /** The name of its node. */
  String name() {
    return name;
  }

  InetAddress internetAddress() {
    return host.address();
  }

  String address() {
    return host.address().getHostAddress();
  }

  Path data() {
    return directory.resolve("data");
  }

  /** A directory that ends with the host. */
  Path scratch() {
    return directory;
  }

  /** A program on this host. Its network alone is another: mounts are the machine's. */
  Command command(String... words) {
    return Command.of(host.inside().toArray(String[]::new)).with(words);
  }

  /** A verb of the launcher for this host's data. */
  Command verb(String... words) {
    return command(PlatformUnderTest.root().resolve("nacelle").toString())
        .with(words)
        .with("--data", data().toString());
  }

  /**
   * Starts the platform here, which must succeed.
   *
   * @param always the flags of each start
   * @param first those of this one alone
   */
  String up(List<String> always, String... first) {
    flags = always;
    return up(first);
  }

  /** Starts it again as before. */
  String upAgain() {
    return up();
  }

  private String up(String... more) {
    return verb("up")
        .with("--node-address", address(), "--name", name)
        .with(flags.toArray(String[]::new))
        .with(more)
        .run(START)
        .ok();
  }

  /** {@code kill -9} of its platform. */
  void kill() {
    try {
      long pid = Long.parseLong(Files.readString(data().resolve("nacelle.pid")).strip());
      PlatformUnderTest.kill(ProcessHandle.of(pid).orElseThrow());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Imports a root filesystem of the machine's busybox. */
  void importBusybox() {
    Path tree = BusyboxTree.write(directory.resolve("busybox"));
    verb("image", "import", tree.toString(), "--name", PlatformUnderTest.IMAGE).run().ok();
  }

  /** The end of the platform's log. */
  String logTail() {
    Path logs = data().resolve("logs");
    return Command.of("sh", "-c", "tail -n 60 " + logs + "/*.log").run().all();
  }

  /** Purges the platform, whatever state it is in, and removes its files; fails if it cannot. */
  @Override
  public void close() {
    Command.Outcome purge = verb("down", "--purge").run(START);
    try {
      Trees.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + directory, e);
    }
    purge.ok();
  }
}
