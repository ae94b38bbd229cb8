package dev.nacelle.dns;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import org.xbill.DNS.Name;

/** Names below {@code in-addr.arpa} and {@code ip6.arpa}. */
final class ReverseName {
  private static final String V4 = ".in-addr.arpa.";
  private static final String V6 = ".ip6.arpa.";

  private ReverseName() {}

  /** The address that a whole reverse name stands for, in its usual text. */
  static Optional<String> address(Name name) {
    String text = name.toString().toLowerCase(Locale.ROOT);
    byte[] bytes;
    if (text.endsWith(V4)) {
      bytes = parse(text.substring(0, text.length() - V4.length()).split("\\.", -1), 10, 4, 1);
    } else if (text.endsWith(V6)) {
      bytes = parse(text.substring(0, text.length() - V6.length()).split("\\.", -1), 16, 16, 2);
    } else {
      return Optional.empty();
    }
    if (bytes.length == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByAddress(bytes).getHostAddress());
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** Empty if the labels are no address. */
  private static byte[] parse(String[] labels, int radix, int size, int labelsPerByte) {
    if (labels.length != size * labelsPerByte) {
      return new byte[0];
    }
    byte[] bytes = new byte[size];
    try {
      for (int i = 0; i < labels.length; i++) {
        String label = labels[labels.length - 1 - i];
        int value = Integer.parseInt(label, radix);
        int most = labelsPerByte == 1 ? 255 : 15;
        if (value < 0 || value > most || label.length() > 3) {
          return new byte[0];
        }
        int at = i / labelsPerByte;
        bytes[at] = (byte) (labelsPerByte == 1 ? value : bytes[at] << 4 | value);
      }
    } catch (NumberFormatException e) {
      return new byte[0];
    }
    return bytes;
  }
}
