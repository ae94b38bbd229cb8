package dev.nacelle.apiserver.http;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The order of versions that upstream prefers: v2, v1, v1beta2, v1beta1, v1alpha1, others. */
final class VersionOrder {
  private static final Pattern FORM = Pattern.compile("v([0-9]+)(?:(alpha|beta)([0-9]+))?");

  private VersionOrder() {}

  static Set<String> sorted(Set<String> versions) {
    var result = new LinkedHashSet<String>();
    versions.stream()
        .sorted(
            Comparator.comparingLong(VersionOrder::rank)
                .reversed()
                .thenComparing(Comparator.naturalOrder()))
        .forEach(result::add);
    return result;
  }

  private static long rank(String version) {
    Matcher matcher = FORM.matcher(version);
    if (!matcher.matches() || version.length() > 20) {
      return -1;
    }
    long stability =
        switch (matcher.group(2)) {
          case null -> 2;
          case "beta" -> 1;
          default -> 0;
        };
    long minor = matcher.group(3) == null ? 0 : Long.parseLong(matcher.group(3));
    return stability * 1_000_000_000L + Long.parseLong(matcher.group(1)) * 10_000 + minor;
  }
}
