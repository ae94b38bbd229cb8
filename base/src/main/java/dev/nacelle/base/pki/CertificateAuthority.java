package dev.nacelle.base.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority: its certificate, and the key that it signs with. Any thread. */
public record CertificateAuthority(X509Certificate certificate, PrivateKey key) {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A new authority that signs itself, on a fresh P-256 key. */
  public static CertificateAuthority create(String commonName, Instant now, Duration validity) {
    KeyPair keys = KeyPairs.generateP256();
    X500Name name = distinguishedName(SubjectName.of(commonName));
    X509Certificate certificate =
        sign(
            name,
            keys.getPrivate(),
            keys.getPublic(),
            keys.getPublic(),
            new CertificateProfile(
                SubjectName.of(commonName),
                SubjectAlternatives.NONE,
                java.util.Set.of(),
                now.minusSeconds(300),
                now.plus(validity)),
            Constraint.AUTHORITY);
    return new CertificateAuthority(certificate, keys.getPrivate());
  }

  /** A certificate for a public key. It never outlives the authority's own. */
  public X509Certificate issue(PublicKey subjectKey, CertificateProfile profile) {
    Instant end = certificate.getNotAfter().toInstant();
    CertificateProfile bounded =
        profile.notAfter().isAfter(end)
            ? new CertificateProfile(
                profile.subject(), profile.alternatives(), profile.uses(), profile.notBefore(), end)
            : profile;
    return sign(
        X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
        key,
        certificate.getPublicKey(),
        subjectKey,
        bounded,
        Constraint.END_ENTITY);
  }

  private enum Constraint {
    AUTHORITY,
    END_ENTITY
  }

  private static X509Certificate sign(
      X500Name issuer,
      PrivateKey issuerKey,
      PublicKey issuerPublicKey,
      PublicKey subjectKey,
      CertificateProfile profile,
      Constraint constraint) {
    try {
      boolean authority = constraint == Constraint.AUTHORITY;
      var builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(126, RANDOM).add(BigInteger.ONE),
              Date.from(profile.notBefore()),
              Date.from(profile.notAfter()),
              distinguishedName(profile.subject()),
              subjectKey);
      var identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(
              authority
                  ? KeyUsage.keyCertSign | KeyUsage.cRLSign | KeyUsage.digitalSignature
                  : KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          identifiers.createSubjectKeyIdentifier(subjectKey));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          identifiers.createAuthorityKeyIdentifier(issuerPublicKey));
      if (!profile.uses().isEmpty()) {
        builder.addExtension(
            Extension.extendedKeyUsage,
            false,
            new ExtendedKeyUsage(
                profile.uses().stream()
                    .sorted()
                    .map(
                        use ->
                            KeyPurposeId.getInstance(
                                new org.bouncycastle.asn1.ASN1ObjectIdentifier(use.oid())))
                    .toArray(KeyPurposeId[]::new)));
      }
      if (!profile.alternatives().isEmpty()) {
        builder.addExtension(
            Extension.subjectAlternativeName, false, generalNames(profile.alternatives()));
      }
      var signer = new JcaContentSignerBuilder(signatureFor(issuerKey)).build(issuerKey);
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalArgumentException("cannot sign a certificate: " + e.getMessage(), e);
    }
  }

  static String signatureFor(PrivateKey key) {
    return switch (key.getAlgorithm()) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      default -> key.getAlgorithm();
    };
  }

  /**
   * The values are written as they are: the builder's own way with texts would read a leading
   * {@code #} as encoded bytes and drop a leading backslash, and so write another group than the
   * one that was checked.
   */
  static X500Name distinguishedName(SubjectName subject) {
    var name = new X500NameBuilder(BCStyle.INSTANCE);
    subject
        .organizations()
        .forEach(organization -> name.addRDN(BCStyle.O, new DERUTF8String(organization)));
    name.addRDN(BCStyle.CN, new DERUTF8String(subject.commonName()));
    return name.build();
  }

  static SubjectName subjectName(X500Name name) {
    String commonName = "";
    var organizations = new ArrayList<String>();
    for (var rdn : name.getRDNs()) {
      for (var attribute : rdn.getTypesAndValues()) {
        if (attribute.getType().equals(BCStyle.CN)) {
          commonName = plain(attribute.getValue());
        } else if (attribute.getType().equals(BCStyle.O)) {
          organizations.add(plain(attribute.getValue()));
        }
      }
    }
    return new SubjectName(commonName, organizations);
  }

  private static String plain(org.bouncycastle.asn1.ASN1Encodable value) {
    return value instanceof org.bouncycastle.asn1.ASN1String text
        ? text.getString()
        : IETFUtils.valueToString(value);
  }

  static GeneralNames generalNames(SubjectAlternatives alternatives) {
    var names = new ArrayList<GeneralName>();
    alternatives.dnsNames().forEach(name -> names.add(new GeneralName(GeneralName.dNSName, name)));
    for (InetAddress address : alternatives.addresses()) {
      names.add(new GeneralName(GeneralName.iPAddress, new DEROctetString(address.getAddress())));
    }
    alternatives.emails().forEach(name -> names.add(new GeneralName(GeneralName.rfc822Name, name)));
    alternatives
        .uris()
        .forEach(uri -> names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
    return new GeneralNames(names.toArray(new GeneralName[0]));
  }
}
