package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.TreeMap;

/** Encodes entries as pax headers: a ustar header, preceded by an extended one where needed. */
final class TarHeaders {
  private static final int BLOCK = TarHeader.BLOCK;
  private static final long MAX_OCTAL_11 = (1L << 33) - 1;
  private static final int MAX_OCTAL_7 = (1 << 21) - 1;

  private TarHeaders() {}

  /** The header blocks of an entry; its data, if any, follows, padded to whole blocks. */
  static byte[] encode(TarEntry entry) {
    var records = new TreeMap<String, String>();
    if (entry.path().length() > 100) {
      records.put("path", entry.path());
    }
    if (entry.link().length() > 100) {
      records.put("linkpath", entry.link());
    }
    if (entry.sizeBytes() > MAX_OCTAL_11) {
      records.put("size", Long.toString(entry.sizeBytes()));
    }
    if (entry.uid() < 0 || entry.uid() > MAX_OCTAL_7) {
      records.put("uid", Integer.toUnsignedString(entry.uid()));
    }
    if (entry.gid() < 0 || entry.gid() > MAX_OCTAL_7) {
      records.put("gid", Integer.toUnsignedString(entry.gid()));
    }
    boolean oddTime = entry.mtimeSeconds() < 0 || entry.mtimeSeconds() > MAX_OCTAL_11;
    if (entry.mtimeNanos() != 0 || oddTime) {
      records.put("mtime", time(entry.mtimeSeconds(), entry.mtimeNanos()));
    }
    entry.xattrs().forEach((name, value) -> records.put("SCHILY.xattr." + name, latin1(value)));
    var out = new ByteArrayOutputStream();
    if (!records.isEmpty()) {
      byte[] body = body(records);
      out.writeBytes(header("././@PaxHeader", "", 'x', 0644, 0, 0, body.length, 0, 0, 0));
      out.writeBytes(body);
      out.writeBytes(new byte[-body.length & (BLOCK - 1)]);
    }
    out.writeBytes(
        header(
            entry.path(),
            entry.link(),
            flag(entry.type()),
            entry.mode(),
            records.containsKey("uid") ? 0 : entry.uid(),
            records.containsKey("gid") ? 0 : entry.gid(),
            records.containsKey("size") ? 0 : entry.sizeBytes(),
            oddTime ? 0 : entry.mtimeSeconds(),
            entry.major(),
            entry.minor()));
    return out.toByteArray();
  }

  private static String time(long seconds, int nanos) {
    if (nanos == 0) {
      return Long.toString(seconds);
    }
    return seconds >= 0
        ? String.format(Locale.ROOT, "%d.%09d", seconds, nanos)
        : String.format(Locale.ROOT, "-%d.%09d", -seconds - 1, 1_000_000_000 - nanos);
  }

  private static char flag(TarEntry.Type type) {
    return switch (type) {
      case FILE -> '0';
      case HARD_LINK -> '1';
      case SYMBOLIC_LINK -> '2';
      case CHARACTER_DEVICE -> '3';
      case BLOCK_DEVICE -> '4';
      case DIRECTORY -> '5';
      case FIFO -> '6';
    };
  }

  private static byte[] body(TreeMap<String, String> records) {
    var out = new ByteArrayOutputStream();
    records.forEach(
        (key, value) -> {
          int rest = key.length() + value.length() + 3;
          int length = rest + Integer.toString(rest).length();
          length = rest + Integer.toString(length).length();
          out.writeBytes(bytes(length + " " + key + "=" + value + "\n"));
        });
    return out.toByteArray();
  }

  private static byte[] header(
      String path,
      String link,
      char flag,
      int mode,
      int uid,
      int gid,
      long size,
      long mtime,
      int major,
      int minor) {
    byte[] block = new byte[BLOCK];
    text(block, 0, 100, path);
    octal(block, 100, 8, mode);
    octal(block, 108, 8, uid);
    octal(block, 116, 8, gid);
    octal(block, 124, 12, size);
    octal(block, 136, 12, mtime);
    block[156] = (byte) flag;
    text(block, 157, 100, link);
    text(block, 257, 6, "ustar");
    text(block, 263, 2, "00");
    octal(block, 329, 8, major);
    octal(block, 337, 8, minor);
    java.util.Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    octal(block, 148, 7, sum);
    return block;
  }

  private static void text(byte[] block, int at, int length, String text) {
    byte[] bytes = bytes(text);
    System.arraycopy(bytes, 0, block, at, Math.min(bytes.length, length));
  }

  /** Digits with leading zeros and a zero byte at the end. */
  private static void octal(byte[] block, int at, int length, long value) {
    long left = value;
    for (int i = at + length - 2; i >= at; i--) {
      block[i] = (byte) ('0' + (left & 7));
      left >>= 3;
    }
    block[at + length - 1] = 0;
  }

  private static byte[] bytes(String byteString) {
    return byteString.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String latin1(Bytes value) {
    return new String(value.unsafeArray(), StandardCharsets.ISO_8859_1);
  }
}
