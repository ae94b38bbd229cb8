package dev.nacelle.node.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** Large transfers whose bytes are checked. */
final class Transfers {
  static final int LARGE = 50 << 20;

  private Transfers() {}

  static <T> FutureTask<T> beside(Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofVirtual().start(task);
    return task;
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Sends so many random bytes and closes; gives their digest. */
  static String send(OutputStream out, int bytes) throws IOException {
    MessageDigest digest = digest();
    var random = new Random(bytes);
    byte[] part = new byte[30_000];
    try (out) {
      for (int left = bytes; left > 0; ) {
        random.nextBytes(part);
        int count = Math.min(left, part.length);
        digest.update(part, 0, count);
        out.write(part, 0, count);
        left -= count;
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Reads to the end; gives the digest. */
  static String receive(InputStream in) throws IOException {
    MessageDigest digest = digest();
    byte[] part = new byte[30_000];
    for (int count = in.read(part); count >= 0; count = in.read(part)) {
      digest.update(part, 0, count);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
