package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests as OCI writes them, {@code sha256:HEX}. */
public final class Sha256 {
  private Sha256() {}

  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** The text form of a finished digest; resets it. */
  public static String text(MessageDigest digest) {
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  public static String of(Bytes bytes) {
    MessageDigest digest = newDigest();
    digest.update(bytes.asByteBuffer());
    return text(digest);
  }
}
