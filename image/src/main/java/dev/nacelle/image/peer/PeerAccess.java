package dev.nacelle.image.peer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.pki.KeyUse;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.base.pki.TrustedAuthorities;
import dev.nacelle.image.layer.Sha256;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Who is let in: nodes of the cluster by their client certificates, and whoever has the token that
 * both sides were given. Safe for any thread.
 */
public final class PeerAccess {
  /** The group that certificates of nodes name. */
  static final String NODES = "system:nodes";

  private final TrustedAuthorities authorities;
  private final Optional<byte[]> tokenHash;
  private final InstantSource clock;

  /**
   * @param authorities who may have signed the nodes' certificates
   * @param token for instances that are no nodes of this cluster
   */
  public PeerAccess(
      List<X509Certificate> authorities, Optional<String> token, InstantSource clock) {
    this.authorities = new TrustedAuthorities(authorities);
    this.tokenHash = token.map(PeerAccess::hash);
    this.clock = clock;
  }

  /** What is to be answered. */
  enum Verdict {
    ALLOWED,
    UNKNOWN,
    FORBIDDEN
  }

  Verdict judge(HttpExchange exchange) {
    Verdict byCertificate = exchange.perConnection(Verdict.class, () -> certificate(exchange));
    return byCertificate == Verdict.ALLOWED || !hasToken(exchange)
        ? byCertificate
        : Verdict.ALLOWED;
  }

  private Verdict certificate(HttpExchange exchange) {
    List<X509Certificate> chain = exchange.peerCertificates();
    if (chain.isEmpty()) {
      return Verdict.UNKNOWN;
    }
    try {
      authorities.verify(chain, KeyUse.CLIENT_AUTH, clock.instant());
    } catch (CertificateException e) {
      return Verdict.UNKNOWN;
    }
    return SubjectName.of(chain.getFirst()).organizations().contains(NODES)
        ? Verdict.ALLOWED
        : Verdict.FORBIDDEN;
  }

  /** Compares hashes, so that the time says nothing of the token, nor of its length. */
  private boolean hasToken(HttpExchange exchange) {
    Optional<String> given =
        exchange
            .headers()
            .first("authorization")
            .filter(a -> a.startsWith("Bearer "))
            .map(a -> a.substring("Bearer ".length()));
    return tokenHash.isPresent()
        && given.isPresent()
        && MessageDigest.isEqual(tokenHash.get(), hash(given.get()));
  }

  private static byte[] hash(String token) {
    return Sha256.newDigest().digest(Bytes.utf8(token).unsafeArray());
  }
}
