package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The beginning of a blob, read front to back as it arrives, and fetched by several requests at
 * once: one connection alone would need many round trips before it is fast. The first part, which
 * says what the others are for, does not share the line with them: they come when it has been read.
 * Parts are large: a registry pays for each request, not for its length. Not verified. For one
 * reader; closing it ends the requests.
 */
final class PartedBlob extends InputStream {
  static final int PART_BYTES = 4 << 20;

  /** Large arrays are dear to a small heap: what arrives lies in pieces. */
  static final int PIECE_BYTES = 256 << 10;

  /** At once, beside that for the first part. */
  static final int REQUESTS = 3;

  private static final Threads THREADS = new Threads("start-pack");

  /** Opens some bytes of the blob. */
  @FunctionalInterface
  interface Ranges {
    InputStream open(long offset, int length) throws IOException, InterruptedException;
  }

  /** Bytes on their way; guarded by the blob. */
  private static final class Part {
    /** All but the last are full. */
    private final List<byte[]> pieces = new ArrayList<>();

    private int arrived;
  }

  private final Ranges ranges;
  private final long size;
  private final int parts;

  /** The reader's place. */
  private long at;

  /** Guarded by this, as all below. */
  private final List<Thread> workers = new ArrayList<>();

  /** By number; those that the reader has passed are gone. */
  private final Map<Integer, Part> begun = new HashMap<>();

  private Optional<IOException> failure = Optional.empty();
  private int nextToFetch;
  private boolean isGoingOn;

  private PartedBlob(Ranges ranges, long size) {
    this.ranges = ranges;
    this.size = size;
    this.parts = Math.toIntExact((size + PART_BYTES - 1) / PART_BYTES);
  }

  /**
   * @param size how much of the blob is wanted, from its beginning
   */
  static PartedBlob open(Ranges ranges, long size) {
    var blob = new PartedBlob(ranges, size);
    blob.beginWith(Math.min(1, blob.parts));
    return blob;
  }

  private synchronized void beginWith(int requests) {
    for (int i = 0; i < requests && failure.isEmpty(); i++) {
      workers.add(THREADS.startVirtual("part", this::work));
    }
  }

  /** What is behind the first part is fetched. */
  private synchronized void goOn() {
    if (!isGoingOn) {
      isGoingOn = true;
      beginWith(Math.min(REQUESTS, parts - 1));
    }
  }

  private void work() {
    try {
      for (int number = next(); number < parts; number = next()) {
        fetch(number);
      }
    } catch (IOException e) {
      failed(e);
    } catch (InterruptedException e) {
      failed(new InterruptedIOException("closed")); // and the thread ends
    } catch (RuntimeException e) {
      failed(new IOException("cannot read a part: " + e.getMessage(), e));
    }
  }

  private void fetch(int number) throws IOException, InterruptedException {
    long offset = (long) number * PART_BYTES;
    int length = (int) Math.min(PART_BYTES, size - offset);
    Part part = begin(number);
    try (InputStream in = ranges.open(offset, length)) {
      for (int piece = 0; piece < length; piece += PIECE_BYTES) {
        byte[] bytes = new byte[Math.min(PIECE_BYTES, length - piece)];
        add(part, bytes);
        for (int got = 0; got < bytes.length; ) {
          int more = in.read(bytes, got, bytes.length - got);
          if (more < 0) {
            throw new EOFException("a part ends early");
          }
          got += more;
          arrived(part, piece + got);
        }
      }
    }
  }

  private synchronized void add(Part part, byte[] piece) {
    part.pieces.add(piece);
  }

  private synchronized int next() {
    boolean enough = failure.isPresent() || nextToFetch > 0 && !isGoingOn;
    return enough ? parts : nextToFetch++;
  }

  private synchronized Part begin(int number) {
    var part = new Part();
    begun.put(number, part);
    return part;
  }

  private synchronized void arrived(Part part, int bytes) {
    part.arrived = bytes;
    notifyAll();
  }

  private synchronized void failed(IOException why) {
    failure = Optional.of(failure.orElse(why));
    notifyAll();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (at == size) {
      return -1;
    }
    ByteBuffer next = await(Math.min(length, toNextPiece()), 1);
    int count = Math.min(length, next.remaining());
    next.get(into, from, count);
    passed(count);
    return count;
  }

  private int toNextPiece() {
    return (int) Math.min(size - at, PIECE_BYTES - at % PIECE_BYTES);
  }

  /** How many bytes the reader has before it. */
  long left() {
    return size - at;
  }

  /**
   * The next bytes, where they are in one piece without a copy.
   *
   * @throws EOFException if there are not so many
   */
  ByteBuffer take(int length) throws IOException {
    if (length > left()) {
      throw new EOFException("cannot take %d of %d bytes".formatted(length, left()));
    }
    if (length > 0 && length <= toNextPiece()) {
      ByteBuffer bytes = await(length, length);
      passed(length);
      return bytes;
    }
    byte[] copy = new byte[length];
    if (readNBytes(copy, 0, length) < length) {
      throw new EOFException("the blob ends early");
    }
    return ByteBuffer.wrap(copy);
  }

  private void passed(int bytes) {
    long before = at / PART_BYTES;
    at += bytes;
    if (at / PART_BYTES > before) {
      goOn();
      forget((int) before);
    }
  }

  private synchronized void forget(int part) {
    begun.remove(part);
  }

  /**
   * What has arrived from the reader's place on.
   *
   * @param atMost bytes, of one piece
   * @param atLeast so many are awaited
   */
  private synchronized ByteBuffer await(int atMost, int atLeast) throws IOException {
    int number = (int) (at / PART_BYTES);
    int offset = (int) (at % PART_BYTES);
    while (true) {
      Part part = begun.get(number);
      if (part != null && part.arrived >= offset + atLeast) {
        byte[] piece = part.pieces.get(offset / PIECE_BYTES);
        int count = Math.min(atMost, part.arrived - offset);
        return ByteBuffer.wrap(piece, offset % PIECE_BYTES, count).slice();
      }
      if (failure.isPresent()) {
        throw new IOException("cannot read on: " + failure.get().getMessage(), failure.get());
      }
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while a part was awaited");
      }
    }
  }

  @Override
  public synchronized void close() {
    failed(new IOException("closed"));
    workers.forEach(Thread::interrupt);
  }
}
