package dev.nacelle.testbed;

import dev.nacelle.kernel.netlink.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hosts that are network namespaces, each with a cable to one switch: 172.31.0.1, 172.31.0.2 and so
 * on. The switch is a namespace too, 172.31.0.254, for servers that are no host of the platform.
 * Nothing of them reaches the machine's own network; this process reaches them by {@link #listen}
 * and {@link #connect}. Closing it removes the namespaces; what runs in them is to be ended before.
 */
public final class HostNetwork implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final String NETWORK = "172.31.0.";
  private static final int CONNECT_MILLIS = 10_000;
  private static final int MOST = 200;

  /**
   * A network namespace.
   *
   * @param namespace its name
   */
  public record Host(String namespace, InetAddress address) {
    /** What stands before a command line that is to run there; mounts stay the machine's. */
    public List<String> inside() {
      return List.of("nsenter", "--net=" + file(), "--");
    }

    private Path file() {
      return Path.of("/run/netns", namespace);
    }

    /** {@code ADDRESS:PORT}. */
    public String at(int port) {
      return address.getHostAddress() + ":" + port;
    }
  }

  private final Host middle;
  private final List<Host> hosts;

  private HostNetwork(Host middle, List<Host> hosts) {
    this.middle = middle;
    this.hosts = hosts;
  }

  /** Makes so many hosts, and a cable for each. */
  public static HostNetwork of(int count) throws IOException, InterruptedException {
    if (count < 1 || count > MOST) {
      throw new IllegalArgumentException("1 to " + MOST + " hosts");
    }
    String name = "nacelle-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
    var hosts = new ArrayList<Host>();
    for (int i = 1; i <= count; i++) {
      hosts.add(new Host(name + "-host" + i, InetAddress.ofLiteral(NETWORK + i)));
    }
    var network =
        new HostNetwork(
            new Host(name + "-switch", InetAddress.ofLiteral(NETWORK + 254)), List.copyOf(hosts));
    boolean done = false;
    try {
      network.make();
      done = true;
    } finally {
      if (!done) {
        network.close();
      }
    }
    return network;
  }

  private void make() throws IOException, InterruptedException {
    ip("netns", "add", middle.namespace());
    inside(middle, "link", "add", "switch0", "type", "bridge");
    for (Host host : hosts) {
      String port = "port" + hosts.indexOf(host);
      ip("netns", "add", host.namespace());
      inside(
          middle,
          "link",
          "add",
          port,
          "type",
          "veth",
          "peer",
          "name",
          "cable0",
          "netns",
          host.namespace());
      inside(middle, "link", "set", port, "master", "switch0", "up");
      up(host, "cable0");
    }
    up(middle, "switch0");
  }

  private static void up(Host host, String link) throws IOException, InterruptedException {
    String address = host.address().getHostAddress() + "/24";
    inside(host, "address", "add", address, "dev", link);
    inside(host, "link", "set", link, "up");
    inside(host, "link", "set", "lo", "up");
  }

  /** The platform's hosts. */
  public List<Host> hosts() {
    return hosts;
  }

  /** The one between them. */
  public Host middle() {
    return middle;
  }

  /** A socket of this process on a free port of the switch's own address. */
  public ServerSocket listen() {
    return in(
        middle,
        () -> {
          var listener = new ServerSocket();
          listener.bind(new InetSocketAddress(middle.address(), 0), 128);
          return listener;
        });
  }

  /** A connection of this process to a port of a host. */
  public Socket connect(Host host, int port) throws IOException {
    var address = new InetSocketAddress(host.address(), port);
    Socket socket =
        in(
            middle,
            () -> {
              var made = new Socket();
              made.bind(new InetSocketAddress(middle.address(), 0)); // from here on it is of there
              return made;
            });
    socket.connect(address, CONNECT_MILLIS);
    return socket;
  }

  private static <T> T in(Host host, Callable<T> task) {
    try (NetworkNamespace network = NetworkNamespace.open(host.file())) {
      return network.call(task);
    }
  }

  private static void inside(Host host, String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("-n", host.namespace()));
    all.addAll(List.of(words));
    ip(all.toArray(String[]::new));
  }

  private static void ip(String... words) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(Duration.ofMinutes(1)) || process.exitValue() != 0) {
      throw new IOException("cannot run " + String.join(" ", command) + ": " + said.strip());
    }
  }

  /** Removes what there is of it, also where it was made in part only. */
  @Override
  public void close() throws IOException, InterruptedException {
    var all = new ArrayList<>(hosts);
    all.add(middle);
    for (Host host : all) {
      if (Files.exists(host.file())) {
        ip("netns", "delete", host.namespace());
      }
    }
  }
}
