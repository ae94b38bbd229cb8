package dev.nacelle.dns;

import dev.nacelle.api.client.Informers;
import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * The DNS server of the cluster, over UDP and TCP. Names of the cluster are answered at once from
 * the informers; others are asked of the host's name servers, at most 1,000 at a time.
 */
public final class ClusterDns implements AutoCloseable {
  private static final int MOST_FORWARDED = 1_000;
  private static final int MOST_CACHED = 10_000;
  private static final int BIND_ATTEMPTS = 20;

  private final Responder responder;
  private final Semaphore forwarding = new Semaphore(MOST_FORWARDED);
  private final Threads threads = new Threads("dns");
  private final List<AutoCloseable> sockets = new ArrayList<>();
  private int port;

  private ClusterDns(Responder responder) {
    this.responder = responder;
  }

  /**
   * Serves one address, and forwards to the servers of {@code /etc/resolv.conf}.
   *
   * @param bind its port may be 0: then see {@link #port}
   * @param domain such as {@code cluster.local}
   */
  public static ClusterDns start(InetSocketAddress bind, Informers informers, String domain)
      throws IOException {
    return start(List.of(bind), informers, domain, ResolvConf.servers(Path.of("/etc/resolv.conf")));
  }

  /**
   * Serves several addresses.
   *
   * @param upstreams asked for other names, in their order; those that are served here are skipped
   */
  public static ClusterDns start(
      List<InetSocketAddress> bind,
      Informers informers,
      String domain,
      List<InetSocketAddress> upstreams)
      throws IOException {
    return start(bind, new InformerView(informers), domain, upstreams);
  }

  static ClusterDns start(
      List<InetSocketAddress> bind,
      ClusterView view,
      String domain,
      List<InetSocketAddress> upstreams)
      throws IOException {
    var others = upstreams.stream().filter(u -> !bind.contains(u)).toList();
    var forwarder = new Forwarder(others, new AnswerCache(InstantSource.system(), MOST_CACHED));
    var dns = new ClusterDns(new Responder(new ClusterZone(view, domain), forwarder));
    try {
      for (InetSocketAddress address : bind) {
        dns.serve(address);
      }
    } catch (IOException e) {
      dns.close();
      throw e;
    }
    return dns;
  }

  private void serve(InetSocketAddress address) throws IOException {
    for (int attempt = 1; ; attempt++) {
      var udp = new DatagramSocket(address);
      try {
        var tcp = new ServerSocket();
        tcp.setReuseAddress(true);
        tcp.bind(new InetSocketAddress(address.getAddress(), udp.getLocalPort()));
        start(udp, tcp);
        return;
      } catch (BindException e) {
        udp.close();
        // of a port that was drawn, the other half may be taken
        if (address.getPort() != 0 || attempt == BIND_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private void start(DatagramSocket udp, ServerSocket tcp) {
    port = udp.getLocalPort();
    sockets.add(udp);
    sockets.add(tcp);
    var datagrams = new UdpServer(udp, responder, forwarding, threads);
    var streams = new TcpServer(tcp, responder, forwarding, threads);
    sockets.add(streams);
    // a thread that wakes without a scheduler between saves a third of the time to answer
    threads.startPlatform("udp", datagrams::run);
    threads.startVirtual("tcp", streams::run);
  }

  /** The port of the last address that is served. */
  public int port() {
    return port;
  }

  /** Closes the sockets; questions under way get no answer. */
  @Override
  public void close() {
    for (AutoCloseable socket : sockets) {
      try {
        socket.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot close a socket of the DNS server", e);
      }
    }
  }
}
