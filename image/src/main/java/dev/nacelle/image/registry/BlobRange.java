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
   * @param length in bytes; at least one
   * @return just these bytes, or an error in place of the first one that does not come
   * @throws IOException if the answer is another range
   */
  static InputStream open(Place place, URI blob, long offset, long length)
      throws IOException, InterruptedException {
    long last = offset + length - 1;
    HttpRequest request = HttpRequest.get(blob).with("range", "bytes=" + offset + "-" + last);
    HttpResponse response = place.send(request);
    boolean opened = false;
    try {
      boolean isPart = response.status() == 206;
      if (isPart) {
        check(response.headers().first("content-range").orElse(""), offset, last);
      } else {
        response.body().skipNBytes(offset);
      }
      opened = true;
      return new Part(response, isPart, length);
    } finally {
      if (!opened) {
        response.close();
      }
    }
  }

  /** The bytes of a range; for one thread. */
  private static final class Part extends InputStream {
    private final HttpResponse response;
    private final InputStream body;
    private final boolean mustEnd;
    private final long length;
    private long given;

    Part(HttpResponse response, boolean mustEnd, long length) throws IOException {
      this.response = response;
      this.body = response.body();
      this.mustEnd = mustEnd;
      this.length = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int atMost) throws IOException {
      if (given == length || atMost == 0) {
        return atMost == 0 ? 0 : -1;
      }
      int count = body.read(into, from, (int) Math.min(atMost, length - given));
      if (count < 0) {
        throw new EOFException("the registry gives %d of %d bytes".formatted(given, length));
      }
      given += count;
      if (given == length && mustEnd && body.read() >= 0) {
        throw new IOException("the registry gives more bytes than it promised");
      }
      return count;
    }

    @Override
    public void close() {
      response.close();
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
