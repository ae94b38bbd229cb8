package dev.nacelle.kernel.netlink;

/**
 * A pair to be made: one end here, the other end in another namespace at once, one queue each.
 *
 * @param name of the end here, at most 15 characters
 * @param mac of the end here, 6 bytes in the low bits
 * @param peerName of the other end
 * @param peerMac of the other end
 * @param peerNamespace the descriptor of its namespace
 * @param mtu of both, in bytes
 */
public record VethPair(
    String name, long mac, String peerName, long peerMac, int peerNamespace, int mtu) {
  public VethPair {
    if (name.isEmpty() || name.length() > 15 || peerName.isEmpty() || peerName.length() > 15) {
      throw new IllegalArgumentException(
          "cannot name interfaces " + name + " and " + peerName + ": not 1-15 characters");
    }
  }

  static byte[] bytes(long mac) {
    byte[] bytes = new byte[6];
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (mac >>> 8 * (5 - i));
    }
    return bytes;
  }
}
