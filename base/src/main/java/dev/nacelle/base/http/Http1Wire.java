package dev.nacelle.base.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** The texts of HTTP/1.1 as a client writes and reads them. */
final class Http1Wire {
  private static final int MAX_HEAD_BYTES = 256 << 10;

  private Http1Wire() {}

  /** The first line and the fields of a response. */
  record Head(int status, boolean http10, Headers headers) {}

  static void writeHead(OutputStream out, String method, String target, Headers headers)
      throws IOException {
    var text = new StringBuilder(512);
    text.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
    headers.forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
    text.append("\r\n");
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Reads the head of the final response, or of 101; passes over the other 1xx. */
  static Head readHead(InputStream in) throws IOException {
    while (true) {
      Head head = readOneHead(in);
      if (head.status() >= 200 || head.status() == 101) {
        return head;
      }
    }
  }

  private static Head readOneHead(InputStream in) throws IOException {
    int[] left = {MAX_HEAD_BYTES};
    String line = readLine(in, left);
    if (!line.startsWith("HTTP/1.") || line.length() < 12 || line.charAt(8) != ' ') {
      throw new IOException("the answer is not HTTP/1.1: " + printable(line));
    }
    int status;
    try {
      status = Integer.parseInt(line, 9, 12, 10);
    } catch (NumberFormatException e) {
      throw new IOException("the answer has no status: " + printable(line), e);
    }
    var headers = Headers.builder();
    for (String field = readLine(in, left); !field.isEmpty(); field = readLine(in, left)) {
      int colon = field.indexOf(':');
      if (colon <= 0) {
        throw new IOException("the answer has a broken header: " + printable(field));
      }
      try {
        headers.add(field.substring(0, colon), field.substring(colon + 1).strip());
      } catch (IllegalArgumentException e) {
        throw new IOException("the answer has a broken header: " + e.getMessage(), e);
      }
    }
    return new Head(status, line.charAt(7) == '0', headers.build());
  }

  private static String printable(String line) {
    return line.substring(0, Math.min(80, line.length())).replaceAll("[^ -~]", "?");
  }

  static String readLine(InputStream in) throws IOException {
    return readLine(in, new int[] {8192});
  }

  private static String readLine(InputStream in, int[] left) throws IOException {
    var line = new java.io.ByteArrayOutputStream(80);
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the connection ended before the answer");
      }
      if (b == '\n') {
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      }
      if (--left[0] < 0) {
        throw new IOException("the head of the answer is too large");
      }
      line.write(b);
    }
  }
}
