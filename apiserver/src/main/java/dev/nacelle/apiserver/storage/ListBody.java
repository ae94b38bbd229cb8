package dev.nacelle.apiserver.storage;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;

/** Writes the JSON text of a list from the texts of its items. */
public final class ListBody {
  private ListBody() {}

  /** What a list says of itself. */
  public record Meta(String resourceVersion, String continueToken, OptionalLong remaining) {}

  public static Bytes of(String apiVersion, String listKind, Meta meta, List<Bytes> items) {
    int size = 256;
    for (Bytes item : items) {
      size += item.sizeBytes() + 1;
    }
    var out = new ByteArrayOutputStream(size);
    var head = new StringBuilder(200);
    head.append("{\"kind\":\"").append(listKind).append("\",\"apiVersion\":\"").append(apiVersion);
    head.append("\",\"metadata\":{");
    head.append("\"resourceVersion\":\"").append(meta.resourceVersion()).append('"');
    if (!meta.continueToken().isEmpty()) {
      head.append(",\"continue\":\"").append(meta.continueToken()).append('"');
    }
    meta.remaining().ifPresent(n -> head.append(",\"remainingItemCount\":").append(n));
    head.append("},\"items\":[");
    out.writeBytes(head.toString().getBytes(StandardCharsets.UTF_8));
    boolean first = true;
    for (Bytes item : items) {
      if (!first) {
        out.write(',');
      }
      first = false;
      out.writeBytes(item.unsafeArray());
    }
    out.write(']');
    out.write('}');
    return Bytes.wrap(out.toByteArray());
  }
}
