package dev.nacelle.base.pki;

import java.io.IOException;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A certificate signing request (PKCS#10) whose own signature was verified: the sender holds the
 * key. What it asks for is only asked for.
 *
 * @param otherNames alternative names that are neither DNS names nor addresses
 */
public record SigningRequest(
    SubjectName subject, SubjectAlternatives alternatives, int otherNames, PublicKey publicKey) {

  /**
   * Reads a PEM text with one request.
   *
   * @throws CertificateException if it is damaged or its signature is wrong
   */
  public static SigningRequest read(String pem) throws CertificateException {
    for (Pem.Block block : Pem.blocks(pem)) {
      if (block.label().equals("CERTIFICATE REQUEST")
          || block.label().equals("NEW CERTIFICATE REQUEST")) {
        return read(block.der());
      }
    }
    throw new CertificateException("no certificate request in the PEM text");
  }

  private static SigningRequest read(byte[] der) throws CertificateException {
    try {
      var request = new JcaPKCS10CertificationRequest(der);
      PublicKey key = request.getPublicKey();
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new CertificateException("the signature of the certificate request is wrong");
      }
      var dnsNames = new ArrayList<String>();
      var addresses = new ArrayList<InetAddress>();
      int others = 0;
      for (GeneralName name : names(request)) {
        switch (name.getTagNo()) {
          case GeneralName.dNSName -> dnsNames.add(name.getName().toString());
          case GeneralName.iPAddress ->
              addresses.add(
                  InetAddress.getByAddress(
                      ASN1OctetString.getInstance(name.getName()).getOctets()));
          default -> others++;
        }
      }
      return new SigningRequest(
          CertificateAuthority.subjectName(request.getSubject()),
          new SubjectAlternatives(dnsNames, addresses),
          others,
          key);
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | IllegalArgumentException e) {
      throw new CertificateException("cannot read the certificate request: " + e.getMessage(), e);
    }
  }

  private static List<GeneralName> names(JcaPKCS10CertificationRequest request) {
    var extensions = request.getRequestedExtensions();
    if (extensions == null) {
      return List.of();
    }
    GeneralNames names = GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    return names == null ? List.of() : List.of(names.getNames());
  }

  /** Makes a request in PEM, signed with the pair's private key. */
  public static String write(KeyPair keys, SubjectName subject, SubjectAlternatives alternatives) {
    try {
      var builder =
          new JcaPKCS10CertificationRequestBuilder(
              CertificateAuthority.distinguishedName(subject), keys.getPublic());
      if (!alternatives.isEmpty()) {
        var extensions = new ExtensionsGenerator();
        extensions.addExtension(
            Extension.subjectAlternativeName,
            false,
            CertificateAuthority.generalNames(alternatives));
        builder.addAttribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
      }
      var signer =
          new JcaContentSignerBuilder(CertificateAuthority.signatureFor(keys.getPrivate()));
      return Pem.block(
          "CERTIFICATE REQUEST", builder.build(signer.build(keys.getPrivate())).getEncoded());
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalArgumentException("cannot make a certificate request", e);
    }
  }
}
