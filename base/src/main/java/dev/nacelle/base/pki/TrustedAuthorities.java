package dev.nacelle.base.pki;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Authorities whose certificates are believed. Plain JDK, any thread. */
public final class TrustedAuthorities {
  private final Set<TrustAnchor> anchors;
  private final List<X509Certificate> certificates;

  public TrustedAuthorities(List<X509Certificate> certificates) {
    if (certificates.isEmpty()) {
      throw new IllegalArgumentException("no authority to trust");
    }
    this.certificates = List.copyOf(certificates);
    this.anchors =
        certificates.stream()
            .map(certificate -> new TrustAnchor(certificate, null))
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Checks that a chain (own certificate first, as TLS shows it) leads to one of the authorities,
   * was valid at an instant, and may be used so. Revocation is not looked at.
   *
   * @throws CertificateException with the reason, if not
   */
  public void verify(List<X509Certificate> chain, KeyUse use, Instant at)
      throws CertificateException {
    if (chain.isEmpty()) {
      throw new CertificateException("no certificate was shown");
    }
    X509Certificate own = chain.getFirst();
    List<String> uses = own.getExtendedKeyUsage();
    if (uses != null && !uses.contains(use.oid()) && !uses.contains("2.5.29.37.0")) {
      throw new CertificateException("certificate specifies an incompatible key usage");
    }
    var path = new ArrayList<X509Certificate>();
    for (X509Certificate link : chain) {
      if (certificates.contains(link) && !path.isEmpty()) {
        break;
      }
      path.add(link);
    }
    try {
      var parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(at));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (CertificateException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new CertificateException("certificate is not trusted: " + e.getMessage(), e);
    }
  }
}
