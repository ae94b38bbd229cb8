package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The inline extended attributes of an EROFS inode: a header, then entries padded to 4 bytes. */
final class ErofsXattrs {
  private static final int HEADER_BYTES = 12;
  private static final int ENTRY_BYTES = 4;

  private record Prefix(String text, int index) {}

  private static final Prefix[] PREFIXES = {
    new Prefix("user.", 1),
    new Prefix("system.posix_acl_access", 2),
    new Prefix("system.posix_acl_default", 3),
    new Prefix("trusted.", 4),
    new Prefix("security.", 6),
  };

  private ErofsXattrs() {}

  /** Whether the file system can hold an attribute of this name. */
  static boolean isKept(String name) {
    Prefix prefix = prefix(name);
    return prefix.index != 0 && suffix(name, prefix).length <= 255;
  }

  static int sizeBytes(Map<String, Bytes> xattrs) {
    if (xattrs.isEmpty()) {
      return 0;
    }
    int size = HEADER_BYTES;
    for (Map.Entry<String, Bytes> e : xattrs.entrySet()) {
      size +=
          padded(
              ENTRY_BYTES
                  + suffix(e.getKey(), prefix(e.getKey())).length
                  + e.getValue().sizeBytes());
    }
    return size;
  }

  /** The value of {@code i_xattr_icount}. */
  static int count(int sizeBytes) {
    return sizeBytes == 0 ? 0 : (sizeBytes - HEADER_BYTES) / 4 + 1;
  }

  static void write(Map<String, Bytes> xattrs, ByteBuffer into) {
    if (xattrs.isEmpty()) {
      return;
    }
    into.putLong(0).putInt(0); // no name filter, no shared attributes
    xattrs.forEach(
        (name, value) -> {
          Prefix prefix = prefix(name);
          byte[] suffix = suffix(name, prefix);
          into.put((byte) suffix.length).put((byte) prefix.index);
          into.putShort((short) value.sizeBytes()).put(suffix).put(value.unsafeArray());
          int size = ENTRY_BYTES + suffix.length + value.sizeBytes();
          for (int i = size; i < padded(size); i++) {
            into.put((byte) 0);
          }
        });
  }

  private static Prefix prefix(String name) {
    for (Prefix prefix : PREFIXES) {
      boolean whole = !prefix.text.endsWith(".");
      if (whole ? name.equals(prefix.text) : name.startsWith(prefix.text)) {
        return prefix;
      }
    }
    return new Prefix("", 0);
  }

  private static byte[] suffix(String name, Prefix prefix) {
    return name.substring(prefix.text.length()).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static int padded(int size) {
    return (size + 3) & ~3;
  }
}
