package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/** What content is called: {@code sha256:HEX} or {@code sha512:HEX}, in lower case. */
public record ContentDigest(Algorithm algorithm, String hex) {
  private static final Pattern GRAMMAR =
      Pattern.compile("[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+");

  /** The algorithms that every client must know, by the OCI image specification. */
  public enum Algorithm {
    SHA256("sha256", "SHA-256", 64),
    SHA512("sha512", "SHA-512", 128);

    private final String label;
    private final String javaName;
    private final Pattern hex;

    Algorithm(String label, String javaName, int digits) {
      this.label = label;
      this.javaName = javaName;
      this.hex = Pattern.compile("[a-f0-9]{" + digits + "}");
    }

    /** The name in digests. */
    public String label() {
      return label;
    }

    MessageDigest start() {
      try {
        return MessageDigest.getInstance(javaName);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has " + javaName, e);
      }
    }

    ContentDigest of(byte[] hash) {
      return new ContentDigest(this, HexFormat.of().formatHex(hash));
    }

    static Optional<Algorithm> named(String label) {
      for (Algorithm algorithm : values()) {
        if (algorithm.label.equals(label)) {
          return Optional.of(algorithm);
        }
      }
      return Optional.empty();
    }
  }

  public ContentDigest {
    if (!algorithm.hex.matcher(hex).matches()) {
      throw new IllegalArgumentException("no " + algorithm.label + " digest: " + hex);
    }
  }

  /** Empty where the text is no digest of a known algorithm. */
  public static Optional<ContentDigest> parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return Optional.empty();
    }
    String hex = text.substring(colon + 1);
    return Algorithm.named(text.substring(0, colon))
        .filter(algorithm -> algorithm.hex.matcher(hex).matches())
        .map(algorithm -> new ContentDigest(algorithm, hex));
  }

  /** True for digests of algorithms that are not kept here, too. */
  static boolean isDigest(String text) {
    return text.length() <= 512 && GRAMMAR.matcher(text).matches();
  }

  public static ContentDigest of(Algorithm algorithm, Bytes content) {
    MessageDigest digest = algorithm.start();
    digest.update(content.asByteBuffer());
    return algorithm.of(digest.digest());
  }

  @Override
  public String toString() {
    return algorithm.label + ":" + hex;
  }
}
