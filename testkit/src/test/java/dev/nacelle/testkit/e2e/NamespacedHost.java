package dev.nacelle.testkit.e2e;

import dev.nacelle.base.files.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A host of the platform that is a network namespace, with a data directory of its own. Two are
 * joined by a cable; nothing of them reaches the machine's own network.
 */
final class NamespacedHost implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(15);

  private final String namespace;
  private final String address;
  private final Path directory;

  private NamespacedHost(String namespace, String address, Path directory) {
    this.namespace = namespace;
    this.address = address;
    this.directory = directory;
  }

  /** Two hosts with a cable between them: 172.31.N.1 and 172.31.N.2. */
  static List<NamespacedHost> pair() {
    long number = ProcessHandle.current().pid() % 250;
    String network = "172.31." + number + ".";
    var hosts = new ArrayList<NamespacedHost>();
    try {
      for (int i = 1; i <= 2; i++) {
        String name = String.format(Locale.ROOT, "nacelle-host%d-%d", i, number);
        hosts.add(
            new NamespacedHost(
                name, network + i, Files.createTempDirectory("nacelle-host" + i + "-")));
        ip("netns", "add", name);
      }
      String first = hosts.get(0).namespace;
      String second = hosts.get(1).namespace;
      ip(
          "link", "add", "cable0", "netns", first, "type", "veth", "peer", "name", "cable0",
          "netns", second);
      for (NamespacedHost host : hosts) {
        ip("-n", host.namespace, "address", "add", host.address + "/30", "dev", "cable0");
        ip("-n", host.namespace, "link", "set", "cable0", "up");
        ip("-n", host.namespace, "link", "set", "lo", "up");
      }
      return List.copyOf(hosts);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (AssertionError e) {
      hosts.forEach(NamespacedHost::remove);
      throw e;
    }
  }

  private static void ip(String... words) {
    Command.of("ip").with(words).run().ok();
  }

  /** The name of its network namespace. */
  String namespace() {
    return namespace;
  }

  String address() {
    return address;
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
    return Command.of("nsenter", "--net=/run/netns/" + namespace, "--").with(words);
  }

  /** A verb of the launcher for this host's data. */
  Command verb(String... words) {
    return command(PlatformUnderTest.root().resolve("nacelle").toString())
        .with(words)
        .with("--data", data().toString());
  }

  /** Starts the platform here, which must succeed. */
  String up(String... flags) {
    return verb("up").with("--node-address", address).with(flags).run(START).ok();
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

  /** Purges the platform, whatever state it is in, and removes the host; fails if it cannot. */
  @Override
  public void close() {
    Command.Outcome purge = verb("down", "--purge").run(START);
    remove();
    purge.ok();
  }

  private void remove() {
    Command.of("ip", "netns", "delete", namespace).run();
    try {
      Trees.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + directory, e);
    }
  }
}
