package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import dev.nacelle.image.registry.RangeProgress;
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
 * says what the others are for, does not share the line with them until it has been read from.
 * Parts are large: a registry pays for each request, not for its length. Not verified. For one
 * reader; closing it ends the requests.
 */
final class PartedBlob extends InputStream {
  static final int PART_BYTES = 4 << 20;

  /** At once, beside that for the first part. */
  static final int REQUESTS = 3;

  private static final Threads THREADS = new Threads("start-pack");

  /** Fetches some bytes of the blob. */
  @FunctionalInterface
  interface Ranges {
    void fetch(long offset, byte[] into, RangeProgress progress)
        throws IOException, InterruptedException;
  }

  /** Bytes on their way; guarded by the blob. */
  private static final class Part {
    private final byte[] bytes;
    private int arrived;

    Part(int size) {
      bytes = new byte[size];
    }
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

  /** What is behind the first part will be read: it is fetched, beside the rest of that. */
  synchronized void goOn() {
    if (!isGoingOn) {
      isGoingOn = true;
      beginWith(Math.min(REQUESTS, parts - 1));
    }
  }

  private void work() {
    try {
      for (int number = next(); number < parts; number = next()) {
        Part part = begin(number);
        ranges.fetch((long) number * PART_BYTES, part.bytes, bytes -> arrived(part, bytes));
      }
    } catch (IOException e) {
      failed(e);
    } catch (InterruptedException e) {
      failed(new InterruptedIOException("closed")); // and the thread ends
    } catch (RuntimeException e) {
      failed(new IOException("cannot read a part: " + e.getMessage(), e));
    }
  }

  private synchronized int next() {
    boolean enough = failure.isPresent() || nextToFetch > 0 && !isGoingOn;
    return enough ? parts : nextToFetch++;
  }

  private synchronized Part begin(int number) {
    var part = new Part((int) Math.min(PART_BYTES, size - (long) number * PART_BYTES));
    begun.put(number, part);
    notifyAll();
    return part;
  }

  private synchronized void arrived(Part part, int bytes) {
    part.arrived = Math.max(part.arrived, bytes);
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
    Part part = await(1);
    int offset = (int) (at % PART_BYTES);
    int count = Math.min(length, arrivedOf(part) - offset);
    System.arraycopy(part.bytes, offset, into, from, count);
    passed(count);
    return count;
  }

  /** How many bytes the reader has before it. */
  long left() {
    return size - at;
  }

  /**
   * The next bytes, where they are in one part without a copy.
   *
   * @throws EOFException if there are not so many
   */
  ByteBuffer take(int length) throws IOException {
    if (length > size - at) {
      throw new EOFException("cannot take %d of %d bytes".formatted(length, size - at));
    }
    int offset = (int) (at % PART_BYTES);
    if (length > 0 && offset + (long) length <= PART_BYTES) {
      Part part = await(length);
      passed(length);
      return ByteBuffer.wrap(part.bytes, offset, length).slice();
    }
    byte[] copy = new byte[length];
    if (readNBytes(copy, 0, length) < length) {
      throw new EOFException("the blob ends early");
    }
    return ByteBuffer.wrap(copy);
  }

  private synchronized int arrivedOf(Part part) {
    return part.arrived;
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

  /** The part where the reader is, when so many bytes from there on have arrived. */
  private synchronized Part await(int bytes) throws IOException {
    int number = (int) (at / PART_BYTES);
    int needed = (int) (at % PART_BYTES) + bytes;
    while (true) {
      Part part = begun.get(number);
      if (part != null && part.arrived >= needed) {
        return part;
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
