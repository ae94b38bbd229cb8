package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;

/**
 * A response whose body is still to be read. Must be closed; closing it before the body's end
 * cancels the request.
 */
public interface HttpResponse extends AutoCloseable {
  int status();

  Headers headers();

  /** The body, decoded from transfer encodings. Blocks for bytes; fails when cut short. */
  InputStream body();

  /**
   * Reads the rest of the body.
   *
   * @throws BodyTooLargeException if it has more than {@code maxBytes}
   */
  default Bytes bytes(int maxBytes) throws IOException {
    byte[] read = body().readNBytes(maxBytes);
    if (read.length == maxBytes && body().read() >= 0) {
      throw new BodyTooLargeException(maxBytes);
    }
    return Bytes.wrap(read);
  }

  /** Ends the request; wakes a reader blocked in {@link #body}. Any thread, idempotent. */
  @Override
  void close();
}
