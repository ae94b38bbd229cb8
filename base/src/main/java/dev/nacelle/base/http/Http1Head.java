package dev.nacelle.base.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Writes the head of an HTTP/1.1 answer. */
final class Http1Head {
  private static final byte[] VERSION = ascii("HTTP/1.1 ");
  private static final byte[] SEPARATOR = ascii(": ");
  private static final byte[] LINE_END = ascii("\r\n");
  private static final byte[] DATE = ascii("date: ");
  private static final byte[] LENGTH = ascii("content-length: ");
  private static final byte[] CHUNKED = ascii("transfer-encoding: chunked\r\n");
  private static final byte[] CLOSE = ascii("connection: close\r\n");
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private static volatile Date date = new Date(Long.MIN_VALUE, "");

  private Http1Head() {}

  private record Date(long second, String text) {}

  /** How the body is delimited. */
  sealed interface Framing {
    record Length(long bytes) implements Framing {}

    record Chunked() implements Framing {}

    /** No body, or one that ends with the connection, or an upgrade. */
    record Bare() implements Framing {}
  }

  static final Framing CHUNKED_FRAMING = new Framing.Chunked();
  static final Framing BARE_FRAMING = new Framing.Bare();

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The present time as a {@code Date} header has it; computed once a second. */
  static String date() {
    // a second's precision is all that the header has, so a coarse clock would do
    long second = System.currentTimeMillis() / 1000;
    Date known = date;
    if (known.second() != second) {
      known = new Date(second, HTTP_DATE.format(Instant.ofEpochSecond(second)));
      date = known;
    }
    return known.text();
  }

  static void encode(ByteBuf out, int status, Headers headers, Framing framing, boolean close) {
    out.writeBytes(VERSION);
    HttpResponseStatus line = HttpResponseStatus.valueOf(status);
    line.codeAsText();
    ByteBufUtil.copy(line.codeAsText(), out);
    out.writeByte(' ');
    ByteBufUtil.writeAscii(out, line.reasonPhrase());
    out.writeBytes(LINE_END);
    headers.forEach(
        (name, value) -> {
          if (!isFraming(name)) {
            ByteBufUtil.writeAscii(out, name);
            out.writeBytes(SEPARATOR);
            ByteBufUtil.writeUtf8(out, value);
            out.writeBytes(LINE_END);
          }
        });
    out.writeBytes(DATE);
    ByteBufUtil.writeAscii(out, date());
    out.writeBytes(LINE_END);
    switch (framing) {
      case Framing.Length(long bytes) -> {
        out.writeBytes(LENGTH);
        ByteBufUtil.writeAscii(out, Long.toString(bytes));
        out.writeBytes(LINE_END);
      }
      case Framing.Chunked c -> out.writeBytes(CHUNKED);
      case Framing.Bare b -> {}
    }
    if (close) {
      out.writeBytes(CLOSE);
    }
    out.writeBytes(LINE_END);
  }

  /** The fields that are the server's own to set. */
  private static boolean isFraming(String name) {
    return switch (name.length()) {
      case 14 -> name.equalsIgnoreCase("content-length");
      case 17 -> name.equalsIgnoreCase("transfer-encoding");
      case 4 -> name.equalsIgnoreCase("date");
      default -> false;
    };
  }

  /** A whole small answer that ends the connection. */
  static void encodeRefusal(ByteBuf out, int status, String text) {
    byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
    encode(
        out,
        status,
        Headers.contentType("text/plain; charset=utf-8"),
        new Framing.Length(body.length),
        true);
    out.writeBytes(body);
  }
}
