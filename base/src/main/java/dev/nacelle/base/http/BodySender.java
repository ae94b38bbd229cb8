package dev.nacelle.base.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sends a streamed body; used once. */
final class BodySender {
  private static final byte[] LINE_END = "\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final int CHUNK = 32 << 10;

  private final ClientConnection connection;
  private final HttpRequest.Body.Streamed body;
  private volatile boolean finished;
  private volatile @Nullable IOException sourceFailure;

  BodySender(ClientConnection connection, HttpRequest.Body.Streamed body) {
    this.connection = connection;
    this.body = body;
  }

  /**
   * Sends the body on this thread.
   *
   * @throws IOException if either side fails
   */
  void send() throws IOException {
    OutputStream out = connection.output();
    try (InputStream source = open()) {
      if (body.lengthBytes() >= 0) {
        copy(source, out);
      } else {
        copyChunked(source, out);
      }
    }
    out.flush();
    finished = true;
  }

  /** Sends the body on a thread of its own, so that the answer can be read meanwhile. */
  void start() {
    Thread.ofVirtual()
        .name("http-body")
        .start(
            () -> {
              try {
                send();
              } catch (IOException e) {
                // if it was the server that takes no more, its answer says why
                if (sourceFailure != null) {
                  connection.close();
                }
              }
            });
  }

  /** True once the server has all of it, so that the connection can serve another request. */
  boolean isFinished() {
    return finished;
  }

  /** Why the body is not whole. */
  Optional<IOException> sourceFailure() {
    return Optional.ofNullable(sourceFailure);
  }

  private InputStream open() throws IOException {
    try {
      return body.source().open();
    } catch (IOException e) {
      sourceFailure = e;
      throw e;
    }
  }

  private int read(InputStream source, byte[] buffer, int most) throws IOException {
    try {
      return source.read(buffer, 0, most);
    } catch (IOException e) {
      sourceFailure = e;
      throw e;
    }
  }

  private void copy(InputStream source, OutputStream out) throws IOException {
    byte[] buffer = new byte[CHUNK];
    long left = body.lengthBytes();
    while (left > 0) {
      int count = read(source, buffer, (int) Math.min(buffer.length, left));
      if (count < 0) {
        var cut = new IOException("the request body ended " + left + " bytes too early");
        sourceFailure = cut;
        throw cut;
      }
      out.write(buffer, 0, count);
      left -= count;
      if (source.available() == 0) {
        out.flush();
      }
    }
  }

  private void copyChunked(InputStream source, OutputStream out) throws IOException {
    byte[] buffer = new byte[CHUNK];
    for (int count = read(source, buffer, CHUNK); count >= 0; count = read(source, buffer, CHUNK)) {
      if (count > 0) {
        out.write(Integer.toHexString(count).getBytes(StandardCharsets.US_ASCII));
        out.write(LINE_END);
        out.write(buffer, 0, count);
        out.write(LINE_END);
        out.flush();
      }
    }
    out.write('0');
    out.write(LINE_END);
    out.write(LINE_END);
  }
}
