package dev.nacelle.image.registry;

import dev.nacelle.image.layer.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/**
 * Content of a known size and digest. The end of the stream is only ever reported when both fit;
 * until then a reader must take the bytes as unverified. For one thread.
 */
public final class VerifiedStream extends InputStream {
  private final InputStream in;
  private final Descriptor expected;
  private final MessageDigest digest = Sha256.newDigest();
  private long seen;
  private boolean verified;

  public VerifiedStream(InputStream in, Descriptor expected) {
    this.in = in;
    this.expected = expected;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    int got = in.read(into, offset, length);
    if (got < 0) {
      verify();
      return -1;
    }
    digest.update(into, offset, got);
    seen += got;
    if (seen > expected.sizeBytes()) {
      throw new DigestMismatchException(
          expected.digest() + " has more than the promised " + expected.sizeBytes() + " bytes");
    }
    return got;
  }

  /** Never 0 before the end: a reader of gzip takes 0 for the end at the border of two members. */
  @Override
  public int available() {
    return (int) Math.min(Integer.MAX_VALUE, expected.sizeBytes() - seen);
  }

  private void verify() throws DigestMismatchException {
    if (verified) {
      return;
    }
    if (seen != expected.sizeBytes()) {
      throw new DigestMismatchException(
          expected.digest() + " has " + seen + " bytes, not the promised " + expected.sizeBytes());
    }
    String actual = Sha256.text(digest);
    if (!actual.equals(expected.digest())) {
      throw new DigestMismatchException(
          "got content with the digest " + actual + " in place of " + expected.digest());
    }
    verified = true;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
