package dev.nacelle.base.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** The body of a response, taken out of its framing. */
final class ResponseBody extends InputStream {
  /** Tells the owner that the end was reached. */
  interface End {
    void reached();
  }

  private static final long UNTIL_CLOSE = -1;
  private static final long CHUNKED = -2;

  private final InputStream input;
  private final End end;
  private final boolean chunked;
  private final boolean untilClose;
  private long left;
  private boolean firstChunk = true;
  private boolean done;

  private ResponseBody(InputStream input, long length, End end) {
    this.input = input;
    this.end = end;
    this.chunked = length == CHUNKED;
    this.untilClose = length == UNTIL_CLOSE;
    this.left = Math.max(length, 0);
    if (length == 0) {
      finish();
    }
  }

  static ResponseBody of(InputStream input, String method, Http1Wire.Head head, End end)
      throws IOException {
    return new ResponseBody(input, length(method, head), end);
  }

  private static long length(String method, Http1Wire.Head head) throws IOException {
    int status = head.status();
    if (status == 101) {
      return UNTIL_CLOSE;
    }
    if (method.equals("HEAD") || status == 204 || status == 304) {
      return 0;
    }
    if (head.headers().hasToken("transfer-encoding", "chunked")) {
      return CHUNKED;
    }
    String length = head.headers().first("content-length").orElse("");
    if (length.isEmpty()) {
      return UNTIL_CLOSE;
    }
    try {
      return Long.parseUnsignedLong(length) < 0 ? Long.MAX_VALUE : Long.parseLong(length);
    } catch (NumberFormatException e) {
      throw new IOException("the answer has a broken content-length", e);
    }
  }

  private void finish() {
    if (!done) {
      done = true;
      end.reached();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (!done && chunked && left == 0) {
      nextChunk();
    }
    if (done) {
      return -1;
    }
    int wanted = untilClose ? length : (int) Math.min(length, left);
    int count = input.read(target, offset, wanted);
    if (count < 0) {
      if (!untilClose) {
        throw new EOFException("the connection ended within the body");
      }
      finish();
      return -1;
    }
    if (!untilClose) {
      left -= count;
      if (left == 0 && !chunked) {
        finish();
      }
    }
    return count;
  }

  private void nextChunk() throws IOException {
    if (!firstChunk && !Http1Wire.readLine(input).isEmpty()) {
      throw new IOException("the answer has a broken chunk");
    }
    firstChunk = false;
    String line = Http1Wire.readLine(input);
    int semicolon = line.indexOf(';');
    try {
      left = Long.parseLong((semicolon < 0 ? line : line.substring(0, semicolon)).strip(), 16);
    } catch (NumberFormatException e) {
      throw new IOException("the answer has a broken chunk size", e);
    }
    if (left < 0) {
      throw new IOException("the answer has a negative chunk size");
    }
    if (left == 0) {
      for (int trailers = 0; !Http1Wire.readLine(input).isEmpty(); trailers++) {
        if (trailers > 100) {
          throw new IOException("the answer has too many trailers");
        }
      }
      finish();
    }
  }

  /** What can be read at once; zero where that is not known. */
  @Override
  public int available() throws IOException {
    return done ? 0 : (int) Math.min(untilClose ? Integer.MAX_VALUE : left, input.available());
  }
}
