package dev.nacelle.testkit.network;

import dev.nacelle.kernel.netlink.NetlinkBatch;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.kernel.netlink.Route;
import dev.nacelle.kernel.netlink.VethPair;
import dev.nacelle.network.Ipv4;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A network namespace that plays a host, a pod or somebody outside. Not for parallel use. */
final class TestHost implements AutoCloseable {
  private final NetworkNamespace namespace = NetworkNamespace.create();
  private final NetlinkSocket netlink = namespace.call(NetlinkSocket::open);
  private final List<AutoCloseable> owned = new ArrayList<>();

  TestHost() {
    netlink.send(new NetlinkBatch().upLoopback());
  }

  NetworkNamespace namespace() {
    return namespace;
  }

  NetlinkSocket netlink() {
    return netlink;
  }

  /** Lays a cable: this end gets the one address, the other end the other, both /24. */
  void cable(String name, Ipv4 address, TestHost other, String otherName, Ipv4 otherAddress) {
    long mac = 0x020000000000L | address.bits() & 0xffffffffL;
    long otherMac = 0x020000000000L | otherAddress.bits() & 0xffffffffL;
    netlink.send(
        new NetlinkBatch()
            .createVeth(
                new VethPair(name, mac, otherName, otherMac, other.namespace.descriptor(), 1500)));
    configure(name, address);
    other.configure(otherName, otherAddress);
  }

  private void configure(String name, Ipv4 address) {
    int index = netlink.link(name).orElseThrow().index();
    netlink.send(new NetlinkBatch().up(index).address(index, address.bits(), 24));
  }

  void defaultRoute(Ipv4 gateway) {
    netlink.send(
        new NetlinkBatch()
            .route(new Route(Route.Kind.UNICAST, 0, 0, 3, 0, gateway.bits(), 0, 0, 0)));
  }

  /** Something that ends with this host. */
  <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  /** Whether an echo comes back within two seconds. */
  boolean pings(Ipv4 address) throws IOException, InterruptedException {
    return run("busybox", "ping", "-c", "1", "-W", "2", address.toString()).contains(" 0% packet");
  }

  /** Runs a program here; what it printed. */
  String run(String... command) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    words.add("nsenter");
    words.add("--net=/proc/" + ProcessHandle.current().pid() + "/fd/" + namespace.descriptor());
    words.addAll(List.of(command));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    try (InputStream out = process.getInputStream()) {
      String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return text;
    }
  }

  @Override
  public void close() {
    for (AutoCloseable resource : owned.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    netlink.close();
    namespace.close();
  }
}
