package dev.nacelle.network;

/**
 * An IPv4 address.
 *
 * @param bits the address in host order: 10.0.0.1 is 0x0a000001
 */
public record Ipv4(int bits) implements Comparable<Ipv4> {
  /** 0.0.0.0: "any address" wherever an address may be left open. */
  public static final Ipv4 ANY = new Ipv4(0);

  /**
   * Reads the dotted form with four decimal numbers, without leading zeros.
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Ipv4 parse(String text) {
    String[] parts = text.split("\\.", 5);
    if (parts.length != 4) {
      throw invalid(text);
    }
    int bits = 0;
    for (String part : parts) {
      boolean digits = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
      if (!digits || part.length() > 3 || (part.length() > 1 && part.charAt(0) == '0')) {
        throw invalid(text);
      }
      int value = Integer.parseInt(part);
      if (value > 255) {
        throw invalid(text);
      }
      bits = bits << 8 | value;
    }
    return new Ipv4(bits);
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "cannot read \"" + text + "\" as an IPv4 address; write it as 10.0.0.1");
  }

  /** The address so many steps further. */
  public Ipv4 plus(int steps) {
    return new Ipv4(bits + steps);
  }

  @Override
  public int compareTo(Ipv4 other) {
    return Integer.compareUnsigned(bits, other.bits);
  }

  @Override
  public String toString() {
    return (bits >>> 24)
        + "."
        + (bits >>> 16 & 0xff)
        + "."
        + (bits >>> 8 & 0xff)
        + "."
        + (bits & 0xff);
  }
}
