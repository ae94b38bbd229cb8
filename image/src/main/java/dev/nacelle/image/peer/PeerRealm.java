package dev.nacelle.image.peer;

import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Peers that are reached in the same way: the hosts of a cluster, or instances that somebody named.
 * Safe for any thread.
 */
public final class PeerRealm implements AutoCloseable {
  private final HttpClient client;
  private final Optional<String> token;
  private final InstantSource clock;
  private volatile List<Peer> peers = List.of();

  /**
   * @param client trusts the peers, and shows them who we are; closed with this
   * @param token that both sides were given, where a certificate does not say it
   */
  public PeerRealm(HttpClient client, Optional<String> token, InstantSource clock) {
    this.client = client;
    this.token = token;
    this.clock = clock;
  }

  /** Who is there now; those that stay keep their reputation. */
  public synchronized void members(Collection<URI> urls) {
    var next = new ArrayList<Peer>();
    for (URI url : urls) {
      next.add(
          peers.stream()
              .filter(p -> p.url().equals(url))
              .findFirst()
              .orElseGet(() -> new Peer(url, this, clock)));
    }
    peers = List.copyOf(next);
  }

  List<Peer> peers() {
    return peers;
  }

  HttpResponse send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(
        token.map(t -> request.with("authorization", "Bearer " + t)).orElse(request));
  }

  @Override
  public void close() {
    client.close();
  }
}
