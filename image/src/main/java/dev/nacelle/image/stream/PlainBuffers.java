package dev.nacelle.image.stream;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Buffers for unpacked chunks, used again: new ones keep a small heap busy. Safe for any thread.
 */
final class PlainBuffers {
  private static final BlockingQueue<byte[]> SPARE =
      new ArrayBlockingQueue<>(2 * Runtime.getRuntime().availableProcessors());

  private PlainBuffers() {}

  /** Has room for a chunk, and anything in it. */
  static byte[] take() {
    byte[] spare = SPARE.poll();
    return spare == null ? new byte[VerityTree.CHUNK_BYTES] : spare;
  }

  /** Nobody uses the buffer any more. */
  static void giveBack(byte[] buffer) {
    SPARE.offer(buffer);
  }
}
