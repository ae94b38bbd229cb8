package dev.nacelle.image;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The full name of an image, normalised as Docker's: {@code busybox} is {@code
 * docker.io/library/busybox:latest}.
 *
 * @param registry host and port, {@code docker.io} where none was given
 * @param path the repository within the registry, for example {@code library/busybox}
 * @param tag empty only where there is a digest and no tag
 * @param digest {@code sha256:HEX} or another algorithm
 */
public record ImageReference(
    String registry, String path, Optional<String> tag, Optional<String> digest) {
  private static final int MAX_LENGTH = 1024;
  private static final String DEFAULT_REGISTRY = "docker.io";
  private static final String OFFICIAL = "library/";

  private static final String LABEL = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)";
  private static final String HOST =
      "(?:" + LABEL + "(?:\\." + LABEL + ")*+|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?";
  private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*+";
  private static final String TAG = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
  private static final String DIGEST =
      "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
  private static final Pattern REFERENCE =
      Pattern.compile(
          "("
              + HOST
              + ")/("
              + COMPONENT
              + "(?:/"
              + COMPONENT
              + ")*+)(?::("
              + TAG
              + "))?(?:@("
              + DIGEST
              + "))?");
  private static final Pattern BARE_ID = Pattern.compile("[a-f0-9]{64}");

  /**
   * Parses what a user wrote.
   *
   * @throws ImageException with {@link ImageFault#INVALID_NAME} and upstream's words
   */
  public static ImageReference parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw invalid(text.substring(0, 64) + "...", "invalid reference format");
    }
    if (BARE_ID.matcher(text).matches()) {
      throw invalid(
          text,
          "invalid repository name (" + text + "), cannot specify 64-byte hexadecimal strings");
    }
    String registry = DEFAULT_REGISTRY;
    String rest = text;
    int slash = text.indexOf('/');
    if (slash >= 0 && isRegistry(text.substring(0, slash))) {
      registry = text.substring(0, slash);
      rest = text.substring(slash + 1);
    }
    if (registry.equals("index.docker.io")) {
      registry = DEFAULT_REGISTRY;
    }
    if (registry.equals(DEFAULT_REGISTRY) && rest.indexOf('/') < 0) {
      rest = OFFICIAL + rest;
    }
    int colon = rest.indexOf(':');
    String remote = colon < 0 ? rest : rest.substring(0, colon);
    if (!remote.toLowerCase(Locale.ROOT).equals(remote)) {
      throw invalid(
          text, "invalid reference format: repository name (" + remote + ") must be lowercase");
    }
    Matcher matcher = REFERENCE.matcher(registry + "/" + rest);
    if (!matcher.matches()) {
      throw invalid(text, "invalid reference format");
    }
    String path = matcher.group(2);
    if (path.length() > 255) {
      throw invalid(text, "repository name must not be more than 255 characters");
    }
    Optional<String> tag = Optional.ofNullable(matcher.group(3));
    Optional<String> digest = Optional.ofNullable(matcher.group(4));
    digest.ifPresent(d -> checkDigest(text, d));
    return new ImageReference(
        registry, path, digest.isEmpty() && tag.isEmpty() ? Optional.of("latest") : tag, digest);
  }

  /** The repository in full, {@code docker.io/library/busybox}. */
  public String repository() {
    return registry + "/" + path;
  }

  /** The reference in full, as {@code containerStatuses[].image} shows it. */
  @Override
  public String toString() {
    return repository() + tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
  }

  private static boolean isRegistry(String first) {
    return first.equals("localhost")
        || first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || !first.toLowerCase(Locale.ROOT).equals(first);
  }

  private static void checkDigest(String text, String digest) {
    int colon = digest.indexOf(':');
    int length =
        switch (digest.substring(0, colon)) {
          case "sha256" -> 64;
          case "sha384" -> 96;
          case "sha512" -> 128;
          default -> throw invalid(text, "unsupported digest algorithm");
        };
    String hex = digest.substring(colon + 1);
    if (hex.length() != length) {
      throw invalid(text, "invalid checksum digest length");
    }
    if (!hex.toLowerCase(Locale.ROOT).equals(hex)) {
      throw invalid(text, "invalid checksum digest format");
    }
  }

  private static ImageException invalid(String text, String why) {
    return new ImageException(
        ImageFault.INVALID_NAME, "couldn't parse image reference \"" + text + "\": " + why);
  }
}
