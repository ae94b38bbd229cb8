package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.process.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file that is filled while it is read. Writing to it raises no events. Its two files stay as
 * long as they are: neither is ever made shorter. Safe for any thread.
 *
 * @param id as the keeper knows it: letters, digits, {@code . _ -}, at most 100
 * @param blob a descriptor that raises no events
 */
public record LazyFile(String id, OpenFile blob, PresenceMap map) {

  /**
   * Writes chunks and says that they are there.
   *
   * @param bytes whole chunks, the file's last one excepted
   * @throws IllegalArgumentException if they are not
   */
  public void store(long firstChunk, ByteBuffer bytes) throws IOException {
    long at = firstChunk * map.chunkBytes();
    long end = at + bytes.remaining();
    if (end > map.sizeBytes() || end % map.chunkBytes() != 0 && end != map.sizeBytes()) {
      throw new IllegalArgumentException("cannot store a part of a chunk in " + id);
    }
    blob.write(bytes, at);
    for (long chunk = firstChunk; chunk * map.chunkBytes() < end; chunk++) {
      map.set(chunk);
    }
  }
}
