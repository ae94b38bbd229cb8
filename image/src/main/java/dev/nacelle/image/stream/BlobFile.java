package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The data blob of a lazily filled layer, through a descriptor that raises no pre-content events:
 * another one's writes and reads would wait for themselves. Safe for any thread.
 */
public interface BlobFile {

  /** Writes all of {@code bytes}. */
  void write(long offset, ByteBuffer bytes) throws IOException;

  /** Fills {@code into}; a hole is zeros. Used only to prove again what was here before a boot. */
  void read(long offset, ByteBuffer into) throws IOException;

  /** Through an open channel, which stays the caller's to close. */
  static BlobFile of(FileChannel channel) {
    return new BlobFile() {
      @Override
      public void write(long offset, ByteBuffer bytes) throws IOException {
        Channels.write(channel, offset, bytes);
      }

      @Override
      public void read(long offset, ByteBuffer into) throws IOException {
        Channels.read(channel, offset, into);
      }
    };
  }
}
