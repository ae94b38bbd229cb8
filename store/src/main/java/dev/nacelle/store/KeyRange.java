package dev.nacelle.store;

/**
 * The keys from {@code from} (inclusive) to {@code end} (exclusive) in lexicographic order. Keys
 * are printable ASCII; bounds may also hold U+0000 and U+007F, which sort before and after every
 * character of a key.
 */
public record KeyRange(String from, String end) {
  private static final char BELOW_ALL = '\0';
  private static final char ABOVE_ALL = '\u007f';

  public KeyRange {
    if (from.length() > Store.MAX_KEY_LENGTH + 1 || end.length() > Store.MAX_KEY_LENGTH + 1) {
      throw new IllegalArgumentException(
          "cannot take this key range: a bound is longer than " + Store.MAX_KEY_LENGTH);
    }
    requireAscii(from);
    requireAscii(end);
  }

  /** Exactly one key. */
  public static KeyRange key(String key) {
    requireKey(key);
    return new KeyRange(key, key + BELOW_ALL);
  }

  /** All keys that begin with {@code prefix}; the empty prefix means all keys. */
  public static KeyRange prefix(String prefix) {
    return new KeyRange(prefix, prefix + ABOVE_ALL);
  }

  /** The keys k with {@code from <= k < end}. */
  public static KeyRange between(String from, String end) {
    return new KeyRange(from, end);
  }

  /** The part of this range behind {@code key}: how a paged reader goes on. */
  public KeyRange after(String key) {
    String next = key + BELOW_ALL;
    return next.compareTo(from) <= 0 ? this : new KeyRange(next, end);
  }

  public boolean contains(String key) {
    return from.compareTo(key) <= 0 && key.compareTo(end) < 0;
  }

  /** Whether this range can hold one key only. */
  public boolean isSingleKey() {
    return end.length() == from.length() + 1
        && end.charAt(from.length()) == BELOW_ALL
        && end.startsWith(from);
  }

  /** Refuses a key that is empty, too long or not printable ASCII. */
  static void requireKey(String key) {
    if (key.isEmpty() || key.length() > Store.MAX_KEY_LENGTH) {
      throw new IllegalArgumentException(
          "cannot take this key: it has "
              + key.length()
              + " characters, 1 to "
              + Store.MAX_KEY_LENGTH
              + " are possible");
    }
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      if (c < 0x20 || c > 0x7e) {
        throw new IllegalArgumentException(
            "cannot take this key: character %d is U+%04X; keys are printable ASCII"
                .formatted(i, (int) c));
      }
    }
  }

  private static void requireAscii(String bound) {
    for (int i = 0; i < bound.length(); i++) {
      if (bound.charAt(i) > ABOVE_ALL) {
        throw new IllegalArgumentException(
            "cannot take this key range: character %d of a bound is not ASCII".formatted(i));
      }
    }
  }
}
