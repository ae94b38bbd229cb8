package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/** Compression of large whole answers. */
final class GzipBodies {
  private static final int WORTH_IT_BYTES = 128 << 10;

  private GzipBodies() {}

  /** The compressed content; empty where it is too small or the client would not understand. */
  static Optional<Bytes> compress(Headers request, Headers answer, Bytes content) {
    if (content.sizeBytes() <= WORTH_IT_BYTES
        || answer.contains("content-encoding")
        || !accepts(request)) {
      return Optional.empty();
    }
    var out = new ByteArrayOutputStream(content.sizeBytes() / 4);
    try (var gzip = new FastGzip(out)) {
      gzip.write(content.unsafeArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Optional.of(Bytes.wrap(out.toByteArray()));
  }

  private static boolean accepts(Headers request) {
    for (String value : request.all("accept-encoding")) {
      for (String coding : value.split(",", -1)) {
        String text = coding.strip();
        if (text.startsWith("gzip") && !text.replace(" ", "").matches("gzip;q=0(\\.0*)?")) {
          return true;
        }
      }
    }
    return false;
  }

  /** The level that upstream uses: speed before size. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(ByteArrayOutputStream out) throws IOException {
      super(out, 16 << 10);
      def.setLevel(1);
    }
  }
}
