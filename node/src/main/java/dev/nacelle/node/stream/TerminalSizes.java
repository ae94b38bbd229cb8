package dev.nacelle.node.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.runtime.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads {@code {"Width":80,"Height":24}}, one after the other. */
final class TerminalSizes {
  private static final int MAX_BYTES = 1024;

  private TerminalSizes() {}

  /** Hands on each size until the stream ends; what is none is passed over. */
  static void read(InputStream in, Consumer<TerminalSize> sizes) throws IOException {
    var object = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0; b = in.read()) {
      object.write(b);
      if (b == '}') {
        parse(object.toByteArray()).ifPresent(sizes);
        object.reset();
      } else if (object.size() > MAX_BYTES) {
        throw new IOException("what should be a terminal's size has no end");
      }
    }
  }

  static Optional<TerminalSize> parse(byte[] text) {
    try {
      JsonObject size = JsonReader.readObject(Bytes.wrap(text));
      return Optional.of(
          new TerminalSize(
              (int) size.integer("Width").orElse(0), (int) size.integer("Height").orElse(0)));
    } catch (JsonSyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
