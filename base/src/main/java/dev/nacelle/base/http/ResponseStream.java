package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/** The body of an answer that is sent piece by piece. Written by one thread at a time. */
public interface ResponseStream extends AutoCloseable {
  /**
   * Adds bytes to the body; they leave at the next {@link #flush} or when enough have gathered.
   * Blocks while the client is slow and some hundred KiB are on their way.
   *
   * @throws IOException if the client has left
   */
  void write(Bytes bytes) throws IOException, InterruptedException;

  /**
   * Adds a part of a file to the body, piece by piece; a server takes it past the heap. What was
   * written before leaves first. Blocks like {@link #write}; the caller keeps the channel open.
   *
   * @throws IOException if the file cannot be read or ends before {@code offset + sizeBytes}, or if
   *     the client has left
   */
  default void writeFile(FileChannel file, long offset, long sizeBytes)
      throws IOException, InterruptedException {
    for (long done = 0; done < sizeBytes; ) {
      ByteBuffer piece = ByteBuffer.allocate((int) Math.min(64 << 10, sizeBytes - done));
      int count = file.read(piece, offset + done);
      if (count < 0) {
        throw new EOFException("the file ended before its announced end");
      }
      done += count;
      write(Bytes.wrap(Arrays.copyOf(piece.array(), count)));
    }
  }

  /**
   * Sends what was written (the headers too, even without any body yet). Blocks like {@link
   * #write}.
   *
   * @throws IOException if the client has left
   */
  void flush() throws IOException, InterruptedException;

  /** True once the client has left or the stream was closed. */
  boolean isClosed();

  /**
   * Runs an action once, on a virtual thread of its own, as soon as the client leaves or the stream
   * is closed; at once when that was before.
   */
  void onClose(Runnable action);

  /** Sends what is left and ends the body properly. Idempotent, does not block. */
  @Override
  void close();

  /** Cuts the stream without a proper end, so that the client sees an error. Idempotent. */
  void abort();
}
