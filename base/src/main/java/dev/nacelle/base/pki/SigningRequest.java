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
 * key. What it asks for is only asked for. Alternative names of other kinds than {@link
 * SubjectAlternatives} knows are passed over.
 */
public record SigningRequest(
    SubjectName subject, SubjectAlternatives alternatives, PublicKey publicKey) {

  /**
   * Reads the first block of a PEM text, which must be a request.
   *
   * @throws CertificateException if it is damaged or its signature is wrong
   */
  public static SigningRequest read(String pem) throws CertificateException {
    List<Pem.Block> blocks = Pem.blocks(pem);
    if (blocks.isEmpty() || !blocks.getFirst().label().equals("CERTIFICATE REQUEST")) {
      throw new CertificateException("PEM block type must be CERTIFICATE REQUEST");
    }
    return read(blocks.getFirst().der());
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
      var emails = new ArrayList<String>();
      var uris = new ArrayList<String>();
      for (GeneralName name : names(request)) {
        switch (name.getTagNo()) {
          case GeneralName.dNSName -> dnsNames.add(name.getName().toString());
          case GeneralName.iPAddress ->
              addresses.add(
                  InetAddress.getByAddress(
                      ASN1OctetString.getInstance(name.getName()).getOctets()));
          case GeneralName.rfc822Name -> emails.add(name.getName().toString());
          case GeneralName.uniformResourceIdentifier -> uris.add(name.getName().toString());
          default -> {
            // nobody signs names of other kinds
          }
        }
      }
      return new SigningRequest(
          CertificateAuthority.subjectName(request.getSubject()),
          new SubjectAlternatives(dnsNames, addresses, emails, uris),
          key);
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        // the parser answers damaged input with exceptions of many kinds
        | RuntimeException e) {
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
