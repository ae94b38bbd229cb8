package dev.nacelle.image.distribution;

import java.util.Optional;
import java.util.regex.Pattern;

/** How a manifest is asked for within its repository. */
public sealed interface Reference {
  /** By a name that may move; at most 128 characters. */
  record Tag(String name) implements Reference {
    private static final Pattern GRAMMAR = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");

    public Tag {
      if (!GRAMMAR.matcher(name).matches()) {
        throw new IllegalArgumentException("no tag: " + name);
      }
    }

    static boolean isTag(String text) {
      return GRAMMAR.matcher(text).matches();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** By content. */
  record ByDigest(ContentDigest digest) implements Reference {
    @Override
    public String toString() {
      return digest.toString();
    }
  }

  /** Empty where the text is neither a tag nor a digest of a known algorithm. */
  static Optional<Reference> parse(String text) {
    return text.indexOf(':') >= 0
        ? ContentDigest.parse(text).map(ByDigest::new)
        : Tag.isTag(text) ? Optional.of(new Tag(text)) : Optional.empty();
  }
}
