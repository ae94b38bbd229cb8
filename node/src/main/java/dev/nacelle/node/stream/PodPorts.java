package dev.nacelle.node.stream;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Opens connections to what listens on a pod's loopback. A socket belongs for good to the network
 * namespace of the thread that made it: so it is made on a thread that enters the namespace and
 * ends, and connected on the caller's. At most {@value #THREADS} such threads at a time. Safe for
 * any thread.
 */
public final class PodPorts {
  private static final int THREADS = 16;
  private static final int PATIENCE_MILLIS = (int) Duration.ofSeconds(10).toMillis();

  private final Semaphore threads = new Semaphore(THREADS);

  /** Opens connections to the ports of one pod. */
  @FunctionalInterface
  public interface Dialer {
    /**
     * @throws IOException if nobody listens; the message says what was tried
     */
    SocketChannel dial(int port) throws IOException, InterruptedException;
  }

  /**
   * @param sandboxId for messages
   * @param namespace the pod's network namespace; empty for that of the host
   */
  public Dialer of(String sandboxId, Optional<Path> namespace) {
    return port -> dial(sandboxId, namespace, port);
  }

  private SocketChannel dial(String sandboxId, Optional<Path> namespace, int port)
      throws IOException, InterruptedException {
    try {
      return connect(namespace, StandardProtocolFamily.INET, "127.0.0.1", port);
    } catch (IOException v4) {
      try {
        return connect(namespace, StandardProtocolFamily.INET6, "::1", port);
      } catch (IOException v6) {
        throw new IOException(
            "failed to connect to localhost:%d inside namespace \"%s\", IPv4: %s IPv6 %s"
                .formatted(
                    port,
                    sandboxId,
                    words("tcp4 127.0.0.1:" + port, v4),
                    words("tcp6 [::1]:" + port, v6)),
            v4);
      }
    }
  }

  /** As a client in Go puts it. */
  private static String words(String address, IOException e) {
    String why =
        e instanceof SocketTimeoutException
            ? "i/o timeout"
            : "connect: " + String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return "dial " + address + ": " + why;
  }

  private SocketChannel connect(
      Optional<Path> namespace, ProtocolFamily family, String host, int port)
      throws IOException, InterruptedException {
    SocketChannel channel = namespace.isPresent() ? openIn(namespace.get(), family) : open(family);
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel
          .socket()
          .connect(new InetSocketAddress(InetAddress.getByName(host), port), PATIENCE_MILLIS);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private SocketChannel openIn(Path namespace, ProtocolFamily family)
      throws IOException, InterruptedException {
    threads.acquire();
    try (NetworkNamespace entered = NetworkNamespace.open(namespace)) {
      return entered.call(() -> open(family));
    } catch (ErrnoException | IllegalStateException e) {
      throw new IOException(e.getMessage(), e);
    } finally {
      threads.release();
    }
  }

  private static SocketChannel open(ProtocolFamily family) throws IOException {
    try {
      return SocketChannel.open(family);
    } catch (UnsupportedOperationException e) {
      throw new IOException("address family not supported by protocol", e);
    }
  }
}
