package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.task.Threads;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.image.peer.PeerAccess;
import dev.nacelle.image.peer.PeerMetrics;
import dev.nacelle.image.peer.PeerRealm;
import dev.nacelle.image.peer.PeerServer;
import dev.nacelle.image.peer.Peers;
import dev.nacelle.network.Ipv4;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This host among those that give layers to one another: the hosts of its cluster, found by an
 * annotation of their Nodes, and instances that the user names.
 */
final class PeerWiring {
  private static final Logger LOG = LoggerFactory.getLogger(PeerWiring.class);
  private static final Duration CONNECT = Duration.ofSeconds(1);
  private static final Duration READ = Duration.ofSeconds(20);
  private static final int CONNECTIONS = 64;
  private static final WriteOptions WRITES = WriteOptions.by("nacelle-peers");

  private final UpOptions options;
  private final Path kept;
  private final Clock clock;
  private final Peers peers;
  private final AtomicBoolean announcing = new AtomicBoolean();
  private volatile Optional<String> url = Optional.empty();

  PeerWiring(UpOptions options, Path nodeDirectory, Metrics metrics, Clock clock) {
    this.options = options;
    this.kept = nodeDirectory.resolve("peer-port");
    this.clock = clock;
    this.peers = new Peers(new PeerMetrics(metrics));
  }

  /** As whom this host appears. */
  record Self(
      String nodeName,
      Ipv4 address,
      Supplier<TlsIdentity> serving,
      Supplier<TlsIdentity> client,
      List<X509Certificate> authorities) {}

  /** Asked for layers; knows nobody before {@link #start}. */
  Peers peers() {
    return peers;
  }

  /** What {@code status} says. */
  Optional<JsonObject> facts() {
    return url.map(at -> JsonObject.builder().put("url", at).build());
  }

  /**
   * Serves, says so, and follows who else does.
   *
   * @param client speaks as the node
   */
  void start(EventLoops loops, Self self, ApiClient client, Informers informers, Platform platform)
      throws StartException, IOException {
    if (!options.noPeers) {
      Optional<String> token = token();
      var access = new PeerAccess(self.authorities(), token, clock);
      PeerServer server = listen(loops, self, access);
      platform.add("peer server", server::close);
      String at = "https://" + self.address() + ":" + server.port();
      peers.serveAs(at);
      url = Optional.of(at);
      named(token);
    }
    follow(self, client, informers.of(Resources.NODES));
  }

  private PeerServer listen(EventLoops loops, Self self, PeerAccess access) throws IOException {
    String host = self.address().toString();
    int before = keptPort();
    try {
      return listen(loops, self, access, new InetSocketAddress(host, before));
    } catch (IOException e) {
      LOG.info("the port {} for peers is taken; another one is used", before);
      return listen(loops, self, access, new InetSocketAddress(host, 0));
    }
  }

  private PeerServer listen(
      EventLoops loops, Self self, PeerAccess access, InetSocketAddress address)
      throws IOException {
    PeerServer server = PeerServer.start(peers, access, loops, address, self.serving());
    if (server.port() != address.getPort()) {
      DurableFiles.writeAtomically(
          kept, Bytes.utf8(Integer.toString(server.port())), DurableFiles.Mode.EVERYBODY_READS);
    }
    return server;
  }

  /** So that those who name this instance need not be told of another port. */
  private int keptPort() throws IOException {
    String text = Files.exists(kept) ? Files.readString(kept).strip() : "";
    return text.matches("[0-9]{1,5}") && Integer.parseInt(text) < 65_536
        ? Integer.parseInt(text)
        : 0;
  }

  private Optional<String> token() throws StartException {
    if (options.peerTokenFile.isEmpty()) {
      return Optional.empty();
    }
    Path file = options.peerTokenFile.get();
    try {
      String token = Files.readString(file).strip();
      if (token.length() < 16) {
        throw new StartException(
            "cannot use --peer-token-file "
                + file
                + ": it has fewer than 16 characters; write a longer secret on both sides");
      }
      return Optional.of(token);
    } catch (IOException e) {
      throw new StartException(
          "cannot read --peer-token-file " + file + ": " + e + "; name a file with the secret", e);
    }
  }

  /** The instances that the user names. */
  private void named(Optional<String> token) throws StartException {
    if (options.peerUrls.isEmpty()) {
      return;
    }
    HttpClient.Builder http = client();
    if (options.peerAuthority.isPresent()) {
      Path file = options.peerAuthority.get();
      try {
        http.trust(Pem.certificates(Files.readString(file)));
      } catch (IOException | CertificateException e) {
        throw new StartException(
            "cannot read --peer-authority "
                + file
                + ": "
                + e
                + "; name a file of certificates, as DIR/cluster/pki/ca.crt",
            e);
      }
    }
    var realm = new PeerRealm(http.build(), token, clock);
    realm.members(options.peerUrls.stream().map(URI::create).toList());
    peers.join(realm);
  }

  private static HttpClient.Builder client() {
    return HttpClient.builder()
        .connectTimeout(CONNECT)
        .readTimeout(READ)
        .connectionsPerOrigin(CONNECTIONS);
  }

  private void follow(Self self, ApiClient client, Informer nodes) {
    var realm =
        new PeerRealm(
            client().trust(self.authorities()).identity(self.client()).build(),
            Optional.empty(),
            clock);
    peers.join(realm);
    nodes.listen(
        (before, after) -> {
          KubeObject node = after.or(() -> before).orElseThrow();
          if (node.name().equals(self.nodeName())) {
            after.ifPresent(own -> announce(own, client));
          } else if (!options.noPeers
              && !before.flatMap(PeerPlace::of).equals(after.flatMap(PeerPlace::of))) {
            realm.members(PeerPlace.others(nodes.all(), self.nodeName()));
          }
        });
  }

  /** Whatever became of the annotation, it is put right when the Node is next heard of. */
  private void announce(KubeObject own, ApiClient client) {
    if (own.annotation(PeerPlace.ANNOTATION).equals(url)
        || !announcing.compareAndSet(false, true)) {
      return;
    }
    Json value = url.<Json>map(Json::of).orElse(JsonNull.NULL);
    new Threads("peers")
        .startVirtual(
            "announce",
            () -> {
              try {
                client.patch(
                    Resources.NODES,
                    ObjectKey.cluster(own.name()),
                    Patch.merge(
                        JsonObject.EMPTY.withAt(
                            JsonObject.EMPTY.with(PeerPlace.ANNOTATION, value),
                            "metadata",
                            "annotations")),
                    WRITES);
              } catch (ApiException e) {
                LOG.warn("cannot tell the other hosts of this one yet: {}", e.getMessage());
              } finally {
                announcing.set(false);
              }
            });
  }
}
