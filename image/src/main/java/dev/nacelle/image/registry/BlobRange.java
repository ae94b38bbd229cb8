package dev.nacelle.image.registry;

import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a part of a blob; RFC 9110, section 14. */
final class BlobRange {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/(?:[0-9]{1,18}|\\*)");

  private BlobRange() {}

  /**
   * Makes one request, which may be redirected. A server without ranges sends the whole blob: what
   * lies before is passed over, what lies behind is not awaited.
   *
   * @throws IOException if the answer is another range, or ends early
   */
  static void read(Place place, URI blob, long offset, byte[] into, RangeProgress progress)
      throws IOException, InterruptedException {
    if (into.length == 0) {
      return;
    }
    long last = offset + into.length - 1;
    HttpRequest request = HttpRequest.get(blob).with("range", "bytes=" + offset + "-" + last);
    try (HttpResponse response = place.send(request)) {
      boolean isPart = response.status() == 206;
      InputStream body = response.body();
      if (isPart) {
        check(response.headers().first("content-range").orElse(""), offset, last);
      } else {
        body.skipNBytes(offset);
      }
      for (int got = 0; got < into.length; ) {
        int more = body.read(into, got, into.length - got);
        if (more < 0) {
          throw new EOFException("the registry gives %d of %d bytes".formatted(got, into.length));
        }
        got += more;
        progress.arrived(got);
      }
      if (isPart && body.read() >= 0) {
        throw new IOException("the registry gives more bytes than it promised");
      }
    }
  }

  private static void check(String contentRange, long offset, long last) throws IOException {
    Matcher matcher = CONTENT_RANGE.matcher(contentRange);
    boolean asAsked =
        matcher.matches()
            && Long.parseLong(matcher.group(1)) == offset
            && Long.parseLong(matcher.group(2)) == last;
    if (!asAsked) {
      throw new IOException("the registry answers another range than asked for");
    }
  }
}
