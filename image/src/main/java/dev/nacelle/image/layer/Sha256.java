package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests as OCI writes them, {@code sha256:HEX}. */
public final class Sha256 {
  private static final int PIECE = 64 << 10;

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

  /** Of a file's content. */
  public static String of(Path file) throws IOException {
    MessageDigest digest = newDigest();
    byte[] piece = new byte[PIECE];
    try (InputStream in = Files.newInputStream(file)) {
      for (int got = in.read(piece); got >= 0; got = in.read(piece)) {
        digest.update(piece, 0, got);
      }
    }
    return text(digest);
  }

  public static String of(Bytes bytes) {
    MessageDigest digest = newDigest();
    digest.update(bytes.asByteBuffer());
    return text(digest);
  }
}
