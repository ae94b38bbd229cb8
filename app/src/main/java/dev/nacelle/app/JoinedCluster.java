package dev.nacelle.app;

import dev.nacelle.api.client.HttpApiClient;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.network.Ipv4;
import java.io.IOException;
import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster as a host sees it that has joined: the API as this node, whom to trust, the ranges.
 * Renews the host's certificates while they are in use. Safe for any thread.
 */
final class JoinedCluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JoinedCluster.class);
  private static final Duration LOOK = Duration.ofHours(1);

  /** What it is made of. */
  record Parts(
      String nodeName,
      HttpApiClient client,
      List<X509Certificate> authorities,
      JoinIdentity identity,
      JoinKeys keys,
      JoinRanges ranges,
      InstantSource clock) {}

  private final Parts parts;
  private final JoinRequest requests;
  private final Thread renewal;
  private volatile Optional<Serving> serving = Optional.empty();

  private record Serving(JoinIdentity identity, SubjectAlternatives names) {}

  private JoinedCluster(Parts parts) {
    this.parts = parts;
    this.requests = new JoinRequest(parts.client(), parts.nodeName());
    this.renewal = Thread.ofVirtual().name("certificate renewal").unstarted(this::run);
  }

  static JoinedCluster start(Parts parts) throws StartException, InterruptedException {
    var cluster = new JoinedCluster(parts);
    cluster.renew();
    cluster.renewal.start();
    return cluster;
  }

  /** The API as {@code system:node:NAME}; closed with this. */
  HttpApiClient client() {
    return parts.client();
  }

  JoinRanges ranges() {
    return parts.ranges();
  }

  /** As whom this host speaks to the cluster; the renewed one, too. */
  Supplier<TlsIdentity> identity() {
    return parts.identity();
  }

  /** Whose certificates are believed. */
  List<X509Certificate> authorities() {
    return parts.authorities();
  }

  /**
   * As which the node's endpoint answers at this address; asked of the cluster when there is none
   * yet.
   */
  Supplier<TlsIdentity> serving(Ipv4 address) throws StartException, InterruptedException {
    SubjectAlternatives names;
    try {
      names =
          new SubjectAlternatives(
              List.of(parts.nodeName()), List.of(InetAddress.getByName(address.toString())));
    } catch (IOException e) {
      throw new StartException("cannot use the address " + address + ": " + e.getMessage(), e);
    }
    Optional<TlsIdentity> kept =
        parts
            .keys()
            .identity(JoinKeys.SERVING)
            .filter(i -> speaksFor(i.chain().getFirst(), address))
            .filter(i -> !JoinIdentity.isDue(i, parts.clock().instant()));
    try {
      TlsIdentity present = kept.isPresent() ? kept.get() : freshServing(names);
      var identity = new JoinIdentity(present);
      serving = Optional.of(new Serving(identity, names));
      return identity;
    } catch (ApiException e) {
      throw new StartException(
          "cannot have the node's serving certificate signed: " + e.getMessage(), e);
    }
  }

  private TlsIdentity freshServing(SubjectAlternatives names)
      throws StartException, InterruptedException {
    TlsIdentity fresh = requests.serving(names);
    parts.keys().identity(JoinKeys.SERVING, fresh);
    return fresh;
  }

  private static boolean speaksFor(X509Certificate certificate, Ipv4 address) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names != null
          && names.stream().anyMatch(n -> address.toString().equals(String.valueOf(n.get(1))));
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        renew();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A renewal that fails is tried again: a third of the certificate's life is left for it. */
  private void renew() throws InterruptedException {
    try {
      if (JoinIdentity.isDue(parts.identity().get(), parts.clock().instant())) {
        TlsIdentity fresh = requests.client();
        parts.keys().identity(JoinKeys.CLIENT, fresh);
        parts.identity().replace(fresh);
      }
      Optional<Serving> present = serving;
      if (present.isPresent()
          && JoinIdentity.isDue(present.get().identity().get(), parts.clock().instant())) {
        present.get().identity().replace(freshServing(present.get().names()));
      }
    } catch (ApiException | StartException e) {
      LOG.warn("cannot renew this host's certificates yet: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    renewal.interrupt();
    parts.client().close();
  }
}
