package dev.nacelle.node.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.kernel.netlink.NetlinkBatch;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PodPortsTest {
  private static final int PORT = 81;

  private Optional<NetworkNamespace> made = Optional.empty();
  private final PodPorts ports = new PodPorts();

  @BeforeEach
  void makeANamespace() {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root for namespaces");
    NetworkNamespace namespace = NetworkNamespace.create();
    made = Optional.of(namespace);
    try (NetlinkSocket netlink = namespace.call(NetlinkSocket::open)) {
      netlink.send(new NetlinkBatch().upLoopback());
    }
  }

  @AfterEach
  void close() {
    made.ifPresent(NetworkNamespace::close);
  }

  private PodPorts.Dialer dialer() {
    return ports.of("sandbox", made.map(NetworkNamespace::path));
  }

  private ServerSocketChannel listen(StandardProtocolFamily family, String address) {
    return made.orElseThrow()
        .call(
            () -> ServerSocketChannel.open(family).bind(new InetSocketAddress(address, PORT), 10));
  }

  private void reaches(ServerSocketChannel listener) throws Exception {
    try (listener;
        SocketChannel client = dialer().dial(PORT);
        SocketChannel server = listener.accept()) {
      server.write(ByteBuffer.wrap(new byte[] {42}));
      var received = ByteBuffer.allocate(1);
      assertThat(client.read(received)).isEqualTo(1);
      assertThat(received.get(0)).isEqualTo((byte) 42);
    }
  }

  @Test
  void whatListensOnThePodsLoopbackIsReachedInEitherFamily() throws Exception {
    reaches(listen(StandardProtocolFamily.INET, "127.0.0.1"));
    reaches(listen(StandardProtocolFamily.INET6, "::1"));
  }

  @Test
  void whatListensElsewhereIsNotReached() throws Exception {
    try (var listener = ServerSocketChannel.open(StandardProtocolFamily.INET)) {
      listener.bind(new InetSocketAddress("127.0.0.1", 0));
      int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
      assertThatThrownBy(() -> dialer().dial(port))
          .isInstanceOf(IOException.class)
          .hasMessage(
              ("failed to connect to localhost:%d inside namespace \"sandbox\", IPv4: dial tcp4"
                      + " 127.0.0.1:%d: connect: connection refused IPv6 dial tcp6 [::1]:%d:"
                      + " connect: connection refused")
                  .formatted(port, port, port));
      ports.of("host", Optional.empty()).dial(port).close();
    }
  }

  @Test
  void aNamespaceThatIsGoneIsNamed() {
    assertThatThrownBy(() -> ports.of("sandbox", Optional.of(Path.of("/no/such"))).dial(80))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("/no/such");
  }
}
