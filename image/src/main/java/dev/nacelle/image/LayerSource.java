package dev.nacelle.image;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A layer's data as random-access bytes that are verified as they arrive: a local file now, ranges
 * of a remote blob later. The layer's metadata (names, modes, where each file's data lies) is a
 * separate, small EROFS image that is fetched whole before anything is mounted; this is the data
 * device beside it. Safe for any thread.
 */
public interface LayerSource extends AutoCloseable {

  /** The size of the data device, a multiple of 4096. */
  long sizeBytes();

  /** {@code sha256:HEX} of the whole, which the bytes were or will be verified against. */
  String digest();

  /**
   * Fills {@code into} from {@code offset} on; blocks until the bytes are here and verified.
   *
   * @return how many bytes were read: all that {@code into} has room for, fewer only at the end of
   *     the layer
   * @throws IOException if the bytes cannot be had, or are not the promised ones; nothing
   *     unverified is ever returned
   */
  int read(long offset, ByteBuffer into) throws IOException;

  @Override
  void close();
}
