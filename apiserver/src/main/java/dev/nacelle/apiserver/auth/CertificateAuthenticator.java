package dev.nacelle.apiserver.auth;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.pki.KeyUse;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.base.pki.TrustedAuthorities;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Believes client certificates of the cluster's authority: the common name is the user, the
 * organizations are the groups. The verdict is kept per connection.
 */
public final class CertificateAuthenticator implements Authenticator {
  private final TrustedAuthorities authorities;
  private final InstantSource clock;

  public CertificateAuthenticator(TrustedAuthorities authorities, InstantSource clock) {
    this.authorities = authorities;
    this.clock = clock;
  }

  private record Verdict(Optional<Identity> identity, String refusal, Instant until) {}

  @Override
  public Optional<Identity> authenticate(HttpExchange exchange) throws InvalidCredentialsException {
    List<X509Certificate> chain = exchange.peerCertificates();
    if (chain.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(accepted(exchange.perConnection(Verdict.class, () -> judge(chain))));
  }

  /**
   * Whose certificates these are; the key must have been proved.
   *
   * @param chain the client's own first, at least that
   */
  public Identity identify(List<X509Certificate> chain) throws InvalidCredentialsException {
    return accepted(judge(chain));
  }

  private Identity accepted(Verdict verdict) throws InvalidCredentialsException {
    if (verdict.identity().isEmpty()) {
      throw new InvalidCredentialsException(verdict.refusal());
    }
    if (!clock.instant().isBefore(verdict.until())) {
      throw new InvalidCredentialsException("the client certificate has expired");
    }
    return verdict.identity().get();
  }

  private Verdict judge(List<X509Certificate> chain) {
    X509Certificate own = chain.getFirst();
    try {
      authorities.verify(chain, KeyUse.CLIENT_AUTH, clock.instant());
    } catch (CertificateException e) {
      return new Verdict(Optional.empty(), String.valueOf(e.getMessage()), Instant.MIN);
    }
    SubjectName subject = SubjectName.of(own);
    if (subject.commonName().isEmpty()) {
      return new Verdict(Optional.empty(), "the client certificate names no user", Instant.MIN);
    }
    var identity =
        new Identity(
            subject.commonName(),
            "",
            Stream.concat(subject.organizations().stream(), Stream.of(Identity.AUTHENTICATED))
                .distinct()
                .toList(),
            Map.of());
    return new Verdict(Optional.of(identity), "", own.getNotAfter().toInstant());
  }
}
