package dev.nacelle.base.pki;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * PEM texts (RFC 7468). Reads PKCS#8, SEC 1 (EC) and PKCS#1 (RSA) private keys; writes PKCS#8.
 * Plain JDK.
 */
public final class Pem {
  private static final int MAX_CHARS = 4 << 20;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \\1-----");
  private static final byte[] EC_ALGORITHM = {
    0x06, 0x07, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 0x02, 0x01
  };
  private static final byte[] RSA_ALGORITHM = {
    0x30,
    0x0D,
    0x06,
    0x09,
    0x2A,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xF7,
    0x0D,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  private Pem() {}

  /** One block: its label and its bytes. */
  record Block(String label, byte[] der) {}

  static List<Block> blocks(String text) throws CertificateException {
    if (text.length() > MAX_CHARS) {
      throw new CertificateException("PEM text is too long");
    }
    var blocks = new ArrayList<Block>();
    var matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      try {
        blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
      } catch (IllegalArgumentException e) {
        throw new CertificateException("a PEM block is not base64: " + e.getMessage(), e);
      }
    }
    return blocks;
  }

  /**
   * All certificates of a text, in order; other blocks are passed over.
   *
   * @throws CertificateException if there is none, or one cannot be read
   */
  public static List<X509Certificate> certificates(String text) throws CertificateException {
    var factory = CertificateFactory.getInstance("X.509");
    var certificates = new ArrayList<X509Certificate>();
    for (Block block : blocks(text)) {
      if (block.label().equals("CERTIFICATE")) {
        certificates.add(
            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.der())));
      }
    }
    if (certificates.isEmpty()) {
      throw new CertificateException("no certificate in the PEM text");
    }
    return List.copyOf(certificates);
  }

  /**
   * The first private key of a text.
   *
   * @throws CertificateException if there is none, or it cannot be read
   */
  public static PrivateKey privateKey(String text) throws CertificateException {
    for (Block block : blocks(text)) {
      switch (block.label()) {
        case "PRIVATE KEY" -> {
          return privateKey(block.der());
        }
        case "EC PRIVATE KEY" -> {
          return privateKey(wrap(ecAlgorithm(block.der()), block.der()));
        }
        case "RSA PRIVATE KEY" -> {
          return privateKey(wrap(RSA_ALGORITHM, block.der()));
        }
        default -> {}
      }
    }
    throw new CertificateException("no private key in the PEM text");
  }

  private static PrivateKey privateKey(byte[] pkcs8) throws CertificateException {
    var spec = new PKCS8EncodedKeySpec(pkcs8);
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (GeneralSecurityException e) {
        // not of this kind: the next one is tried
      }
    }
    throw new CertificateException("the private key is damaged or of an unknown kind");
  }

  /**
   * The public keys of a text: {@code PUBLIC KEY} blocks and those in certificates, in order.
   *
   * @throws CertificateException if one cannot be read
   */
  public static List<PublicKey> publicKeys(String text) throws CertificateException {
    var keys = new ArrayList<PublicKey>();
    var factory = CertificateFactory.getInstance("X.509");
    for (Block block : blocks(text)) {
      if (block.label().equals("PUBLIC KEY")) {
        keys.add(publicKey(block.der()));
      } else if (block.label().equals("CERTIFICATE")) {
        keys.add(factory.generateCertificate(new ByteArrayInputStream(block.der())).getPublicKey());
      }
    }
    return List.copyOf(keys);
  }

  private static PublicKey publicKey(byte[] der) throws CertificateException {
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(der));
      } catch (GeneralSecurityException e) {
        // not of this kind: the next one is tried
      }
    }
    throw new CertificateException("the public key is damaged or of an unknown kind");
  }

  /** The curve of a SEC 1 key is in its optional parameters, tag [0]. */
  private static byte[] ecAlgorithm(byte[] sec1) throws CertificateException {
    for (int i = 0; i + 2 < sec1.length; i++) {
      int length = sec1[i + 1];
      if (sec1[i] == (byte) 0xA0
          && length > 2
          && i + 2 + length <= sec1.length
          && sec1[i + 2] == 0x06
          && sec1[i + 3] == length - 2) {
        byte[] curve = new byte[length];
        System.arraycopy(sec1, i + 2, curve, 0, length);
        return sequence(EC_ALGORITHM, curve);
      }
    }
    throw new CertificateException("the EC private key does not name its curve");
  }

  private static byte[] wrap(byte[] algorithm, byte[] key) {
    return sequence(new byte[] {0x02, 0x01, 0x00}, algorithm, tagged(0x04, key));
  }

  private static byte[] sequence(byte[]... parts) {
    var content = new java.io.ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    return tagged(0x30, content.toByteArray());
  }

  private static byte[] tagged(int tag, byte[] content) {
    var out = new java.io.ByteArrayOutputStream();
    out.write(tag);
    int length = content.length;
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  public static String of(X509Certificate certificate) {
    return of(List.of(certificate));
  }

  public static String of(List<X509Certificate> chain) {
    var text = new StringBuilder();
    try {
      for (X509Certificate certificate : chain) {
        text.append(block("CERTIFICATE", certificate.getEncoded()));
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException("a certificate cannot be encoded", e);
    }
    return text.toString();
  }

  public static String of(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded());
  }

  public static String of(PublicKey key) {
    return block("PUBLIC KEY", key.getEncoded());
  }

  static String block(String label, byte[] der) {
    var encoder = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, encoder.encodeToString(der), label);
  }
}
