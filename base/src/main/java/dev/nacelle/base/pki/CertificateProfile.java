package dev.nacelle.base.pki;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/** What a certificate to be issued shall say. */
public record CertificateProfile(
    SubjectName subject,
    SubjectAlternatives alternatives,
    Set<KeyUse> uses,
    Instant notBefore,
    Instant notAfter) {
  public CertificateProfile {
    uses = Set.copyOf(uses);
    if (!notBefore.isBefore(notAfter)) {
      throw new IllegalArgumentException("a certificate must begin before it ends");
    }
  }

  /** A client's: its user name and groups. Valid from five minutes ago, for clocks that differ. */
  public static CertificateProfile client(SubjectName subject, Instant now, Duration validity) {
    return client(subject, SubjectAlternatives.NONE, now, validity);
  }

  /** A client's that speaks for further names too. */
  public static CertificateProfile client(
      SubjectName subject, SubjectAlternatives alternatives, Instant now, Duration validity) {
    return new CertificateProfile(
        subject,
        alternatives,
        Set.of(KeyUse.CLIENT_AUTH),
        now.minusSeconds(300),
        now.plus(validity));
  }

  /** A server's. Valid from five minutes ago, for clocks that differ. */
  public static CertificateProfile server(
      SubjectName subject, SubjectAlternatives alternatives, Instant now, Duration validity) {
    return new CertificateProfile(
        subject,
        alternatives,
        Set.of(KeyUse.SERVER_AUTH),
        now.minusSeconds(300),
        now.plus(validity));
  }
}
