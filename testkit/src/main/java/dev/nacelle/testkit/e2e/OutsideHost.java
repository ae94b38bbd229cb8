package dev.nacelle.testkit.e2e;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Somebody off the host: a network namespace with a cable to the host, which reaches it over an
 * interface of its own as a neighbour on the wire would.
 */
public final class OutsideHost implements AutoCloseable {
  private static final AtomicInteger COUNTER = new AtomicInteger();

  private final String name;
  private final String hostAddress;

  private OutsideHost(String name, String hostAddress) {
    this.name = name;
    this.hostAddress = hostAddress;
  }

  /** Lays the cable; addresses are of a range for tests (RFC 2544), cut by process. */
  public static OutsideHost connect() {
    int number = COUNTER.incrementAndGet();
    long pid = ProcessHandle.current().pid();
    String name = String.format(Locale.ROOT, "ne%05d%d", pid % 100_000, number);
    String network = "198.18." + (pid % 250) + ".";
    int first = 4 * (number % 60);
    String hostAddress = network + (first + 1);
    var host = new OutsideHost(name, hostAddress);
    try {
      ip("netns", "add", name);
      ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
      ip("address", "add", hostAddress + "/30", "dev", name);
      ip("link", "set", name, "up");
      ip("-n", name, "address", "add", network + (first + 2) + "/30", "dev", "eth0");
      ip("-n", name, "link", "set", "eth0", "up");
      ip("-n", name, "link", "set", "lo", "up");
      return host;
    } catch (AssertionError e) {
      host.close();
      throw e;
    }
  }

  private static void ip(String... words) {
    Command.of("ip").with(words).run().ok();
  }

  /** The host's address on this cable. */
  public String hostAddress() {
    return hostAddress;
  }

  /** Runs a program out there. */
  public Command.Outcome run(String... words) {
    return Command.of("ip", "netns", "exec", name).with(words).run();
  }

  @Override
  public void close() {
    Command.of("ip", "link", "delete", name).run();
    Command.of("ip", "netns", "delete", name).run();
  }
}
