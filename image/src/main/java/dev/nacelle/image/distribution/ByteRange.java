package dev.nacelle.image.distribution;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A part of content, both ends counted; as {@code Range} (RFC 9110) and Docker's headers say. */
record ByteRange(long first, long last) {
  private static final Pattern ONE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");
  private static final Pattern CONTENT =
      Pattern.compile("(?:bytes[ =])?(\\d{1,18})-(\\d{1,18})(?:/(?:\\d{1,18}|\\*))?");

  long sizeBytes() {
    return last - first + 1;
  }

  /** What a request for a part comes to. */
  sealed interface Wanted {
    /** Everything: no part was asked for, or several, or in another unit. */
    record Whole() implements Wanted {}

    record Part(ByteRange range) implements Wanted {}

    /** Nothing of it is there. */
    record Unsatisfiable() implements Wanted {}
  }

  /** Reads a {@code Range} header. */
  static Wanted wanted(Optional<String> header, long sizeBytes) {
    Matcher match = ONE.matcher(header.map(String::strip).orElse(""));
    if (!match.matches() || (match.group(1).isEmpty() && match.group(2).isEmpty())) {
      return new Wanted.Whole();
    }
    if (match.group(1).isEmpty()) {
      long suffix = Math.min(Long.parseLong(match.group(2)), sizeBytes);
      return suffix == 0
          ? new Wanted.Unsatisfiable()
          : new Wanted.Part(new ByteRange(sizeBytes - suffix, sizeBytes - 1));
    }
    long first = Long.parseLong(match.group(1));
    long last =
        match.group(2).isEmpty()
            ? sizeBytes - 1
            : Math.min(Long.parseLong(match.group(2)), sizeBytes - 1);
    if (!match.group(2).isEmpty() && Long.parseLong(match.group(2)) < first) {
      return new Wanted.Whole();
    }
    return first >= sizeBytes
        ? new Wanted.Unsatisfiable()
        : new Wanted.Part(new ByteRange(first, last));
  }

  /** Reads the {@code Content-Range} of an upload, {@code FIRST-LAST}; empty where it is none. */
  static Optional<ByteRange> ofUpload(String header) {
    Matcher match = CONTENT.matcher(header.strip());
    if (!match.matches()) {
      return Optional.empty();
    }
    var range = new ByteRange(Long.parseLong(match.group(1)), Long.parseLong(match.group(2)));
    return range.last < range.first ? Optional.empty() : Optional.of(range);
  }
}
