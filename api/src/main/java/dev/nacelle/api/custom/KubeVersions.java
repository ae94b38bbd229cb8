package dev.nacelle.api.custom;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The order of API versions: v10, v2, v1, v2beta1, v1beta2, v1alpha1, then others by name. */
final class KubeVersions {
  private static final Pattern VERSION =
      Pattern.compile("v([1-9]\\d{0,8})(?:(alpha|beta)([1-9]\\d{0,8}))?");

  static final Comparator<String> PREFERRED_FIRST =
      Comparator.comparing(KubeVersions::rank).thenComparing(Comparator.naturalOrder());

  private KubeVersions() {}

  /** Lower is preferred. */
  private record Rank(int maturity, long major, long minor) implements Comparable<Rank> {
    @Override
    public int compareTo(Rank other) {
      return Comparator.comparingInt(Rank::maturity)
          .thenComparing(Comparator.comparingLong(Rank::major).reversed())
          .thenComparing(Comparator.comparingLong(Rank::minor).reversed())
          .compare(this, other);
    }
  }

  private static Rank rank(String version) {
    Matcher matcher = VERSION.matcher(version);
    if (!matcher.matches()) {
      return new Rank(3, 0, 0);
    }
    long major = Long.parseLong(matcher.group(1));
    String stage = matcher.group(2);
    if (stage == null) {
      return new Rank(0, major, 0);
    }
    return new Rank(stage.equals("beta") ? 1 : 2, major, Long.parseLong(matcher.group(3)));
  }
}
