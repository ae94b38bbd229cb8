package dev.nacelle.network;

/**
 * A CIDR block such as 10.64.0.0/21.
 *
 * @param first the network address; bits below the prefix are refused
 * @param prefixLength 0 to 32
 */
public record Ipv4Range(Ipv4 first, int prefixLength) {
  public Ipv4Range {
    if (prefixLength < 0 || prefixLength > 32) {
      throw new IllegalArgumentException("cannot use prefix length " + prefixLength + ": not 0-32");
    }
    if ((first.bits() & ~mask(prefixLength)) != 0) {
      throw new IllegalArgumentException(
          "cannot use "
              + first
              + "/"
              + prefixLength
              + " as a range: bits below the prefix are set");
    }
  }

  /**
   * Reads {@code 10.64.0.0/21}; a bare address is its /32.
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Ipv4Range parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return new Ipv4Range(Ipv4.parse(text), 32);
    }
    String length = text.substring(slash + 1);
    if (!length.matches("\\d{1,2}")) {
      throw new IllegalArgumentException("cannot read \"" + text + "\" as a CIDR block");
    }
    return new Ipv4Range(Ipv4.parse(text.substring(0, slash)), Integer.parseInt(length));
  }

  public boolean contains(Ipv4 address) {
    return (address.bits() & mask(prefixLength)) == first.bits();
  }

  /** How many addresses the block spans. */
  public long size() {
    return 1L << (32 - prefixLength);
  }

  private static int mask(int length) {
    return length == 0 ? 0 : -1 << (32 - length);
  }

  @Override
  public String toString() {
    return first + "/" + prefixLength;
  }
}
