package dev.nacelle.image.distribution;

import java.util.Optional;
import java.util.regex.Pattern;

/** The name of a repository, by the grammar of the distribution specification; at most 255. */
public record RepositoryName(String value) implements Comparable<RepositoryName> {
  private static final int MOST_CHARACTERS = 255;
  private static final Pattern GRAMMAR =
      Pattern.compile(
          "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");

  public RepositoryName {
    if (value.length() > MOST_CHARACTERS || !GRAMMAR.matcher(value).matches()) {
      throw new IllegalArgumentException("no repository name: " + value);
    }
  }

  /** Empty where the text is no such name. */
  public static Optional<RepositoryName> parse(String text) {
    return text.length() <= MOST_CHARACTERS && GRAMMAR.matcher(text).matches()
        ? Optional.of(new RepositoryName(text))
        : Optional.empty();
  }

  /** Its first component: what quotas are counted by. */
  public String namespace() {
    int slash = value.indexOf('/');
    return slash < 0 ? value : value.substring(0, slash);
  }

  @Override
  public int compareTo(RepositoryName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
