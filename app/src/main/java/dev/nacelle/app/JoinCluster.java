package dev.nacelle.app;

import dev.nacelle.api.client.HttpApiClient;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.SubjectName;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Makes this host a further one of a cluster. The first time with a bootstrap token: the server is
 * verified by it, then it signs this host's key. What came of it is kept; later starts need no
 * token.
 */
final class JoinCluster {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long LOOK_MILLIS = 250;

  /**
   * What the user says.
   *
   * @param pki {@code DIR/node/pki}
   */
  record Terms(String server, Optional<String> token, String nodeName, Path pki) {}

  private final Terms terms;
  private final URI server;
  private final JoinKeys keys;
  private final InstantSource clock;

  private JoinCluster(Terms terms, InstantSource clock) throws StartException {
    this.terms = terms;
    this.server = server(terms.server());
    this.keys = new JoinKeys(terms.pki());
    this.clock = clock;
  }

  /**
   * Joins, or takes up an earlier join; blocks until the host may act as its node.
   *
   * @throws StartException if it may not; one line that says why
   */
  static JoinedCluster join(Terms terms, InstantSource clock)
      throws StartException, InterruptedException {
    return new JoinCluster(terms, clock).join();
  }

  private static URI server(String text) throws StartException {
    try {
      URI uri = URI.create(text);
      if ("https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new StartException("cannot use --server=" + text + ": want https://HOST:PORT");
  }

  private JoinedCluster join() throws StartException, InterruptedException {
    Optional<List<X509Certificate>> known = keys.authorities();
    Optional<TlsIdentity> own = keys.identity(JoinKeys.CLIENT);
    if (own.isPresent()) {
      checkName(own.get());
    }
    if (known.isPresent()
        && own.isPresent()
        && !JoinIdentity.isExpired(own.get(), clock.instant())) {
      return open(known.get(), own.get());
    }
    String token =
        terms
            .token()
            .orElseThrow(
                () ->
                    new StartException(
                        "cannot join "
                            + server
                            + ": this host has no certificate of the cluster; make a token there"
                            + " with \"nacelle token create\" and give it with --token"));
    JoinToken parsed = JoinToken.parse(token);
    List<X509Certificate> authorities = new JoinDiscovery(server, parsed).authorities();
    TlsIdentity fresh = bootstrap(parsed, authorities, own.isPresent());
    // the identity is written last: with it the join is complete
    keys.authorities(authorities);
    keys.identity(JoinKeys.CLIENT, fresh);
    return open(authorities, fresh);
  }

  private void checkName(TlsIdentity own) throws StartException {
    String name = SubjectName.of(own.chain().getFirst()).commonName();
    if (!name.equals("system:node:" + terms.nodeName())) {
      throw new StartException(
          "cannot start as node "
              + terms.nodeName()
              + ": this data directory has joined as "
              + name.replaceFirst("^system:node:", "")
              + "; give that --name, or another --data");
    }
  }

  private TlsIdentity bootstrap(JoinToken token, List<X509Certificate> authorities, boolean known)
      throws StartException, InterruptedException {
    try (HttpApiClient client =
        HttpApiClient.builder(server)
            .trust(authorities)
            .token(token::whole)
            .userAgent("nacelle-join")
            .build()) {
      if (!known && client.find(Resources.NODES, ObjectKey.cluster(terms.nodeName())).isPresent()) {
        throw new StartException(
            "cannot join %s as %s: another host has this name; choose one with --name, or remove it with \"kubectl delete node %s\""
                .formatted(server, terms.nodeName(), terms.nodeName()));
      }
      return new JoinRequest(client, terms.nodeName()).client();
    } catch (ApiException e) {
      throw explained(
          e, "the token is not valid or has expired; make another with \"nacelle token create\"");
    }
  }

  private JoinedCluster open(List<X509Certificate> authorities, TlsIdentity own)
      throws StartException, InterruptedException {
    var identity = new JoinIdentity(own);
    HttpApiClient client =
        HttpApiClient.builder(server)
            .trust(authorities)
            .identity(identity)
            .userAgent("nacelle-node")
            .build();
    try {
      JoinRanges ranges =
          JoinRanges.of(
              patiently(() -> client.get(Resources.CONFIG_MAPS, JoinInfo.CLUSTER)).json());
      return JoinedCluster.start(
          new JoinedCluster.Parts(
              terms.nodeName(), client, authorities, identity, keys, ranges, clock));
    } catch (ApiException e) {
      client.close();
      throw explained(
          e,
          "it does not know this host's certificate: is it another cluster now? Remove "
              + terms.pki()
              + " and join with a new token");
    } catch (StartException | InterruptedException | RuntimeException e) {
      client.close();
      throw e;
    }
  }

  /** A server that is just starting is waited for. */
  private static <T> T patiently(Supplier<T> call) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return call.get();
      } catch (ApiException e) {
        boolean wrongServer = isTrustFailure(e);
        if (e.code() != 503 || wrongServer || System.nanoTime() >= end) {
          throw e;
        }
        Thread.sleep(LOOK_MILLIS);
      }
    }
  }

  private static boolean isTrustFailure(ApiException e) {
    String message = e.status().message();
    return message.contains("PKIX") || message.contains("certificate");
  }

  private StartException explained(ApiException e, String unauthorized) {
    String why =
        switch (e.code()) {
          case 401 -> unauthorized;
          case 503 ->
              isTrustFailure(e)
                  ? "its certificate is not of the authority that this host trusts: "
                      + e.status().message()
                  : e.status().message();
          default -> e.status().message();
        };
    return new StartException("cannot join " + server + ": " + why, e);
  }
}
