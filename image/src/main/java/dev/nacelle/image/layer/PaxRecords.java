package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The records of a pax extended header: {@code LENGTH KEY=VALUE\n}. Values are byte strings. */
final class PaxRecords {
  static final PaxRecords NONE = new PaxRecords(Map.of(), List.of());
  private static final String XATTR = "SCHILY.xattr.";

  private final Map<String, String> values;

  /** Offsets and sizes in turn, from GNU's sparse format 0.0, whose keys repeat. */
  private final List<String> sparsePairs;

  private PaxRecords(Map<String, String> values, List<String> sparsePairs) {
    this.values = values;
    this.sparsePairs = sparsePairs;
  }

  static PaxRecords parse(byte[] data) throws LayerException {
    var values = new HashMap<String, String>();
    var sparsePairs = new ArrayList<String>();
    int at = 0;
    while (at < data.length && data[at] != 0) {
      int space = at;
      int length = 0;
      while (space < data.length && data[space] >= '0' && data[space] <= '9' && length < 1 << 24) {
        length = length * 10 + (data[space++] - '0');
      }
      int end = at + length;
      if (space >= data.length
          || data[space] != ' '
          || end > data.length
          || end <= space + 1
          || data[end - 1] != '\n') {
        throw malformed();
      }
      String text = new String(data, space + 1, end - space - 2, StandardCharsets.ISO_8859_1);
      int equals = text.indexOf('=');
      if (equals <= 0) {
        throw malformed();
      }
      String key = text.substring(0, equals);
      String value = text.substring(equals + 1);
      if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
        sparsePairs.add(value);
      } else {
        values.put(key, value);
      }
      at = end;
    }
    return new PaxRecords(values, sparsePairs);
  }

  private static LayerException malformed() {
    return new LayerException("cannot read layer: malformed pax header");
  }

  /** A value; an empty one counts as none. */
  Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key)).filter(v -> !v.isEmpty());
  }

  Optional<Long> number(String key) throws LayerException {
    Optional<String> text = text(key);
    return text.isEmpty() ? Optional.empty() : Optional.of(parseNumber(text.get()));
  }

  List<String> sparsePairs() {
    return sparsePairs;
  }

  /** The extended attributes by name, sorted. */
  Map<String, Bytes> xattrs() {
    var result = new TreeMap<String, Bytes>();
    values.forEach(
        (key, value) -> {
          if (key.startsWith(XATTR)) {
            result.put(
                key.substring(XATTR.length()),
                Bytes.wrap(value.getBytes(StandardCharsets.ISO_8859_1)));
          }
        });
    return result;
  }

  static long parseNumber(String text) throws LayerException {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw new LayerException("cannot read layer: bad number in a pax header", e);
    }
  }
}
