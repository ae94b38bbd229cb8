package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The beginning of a blob, read front to back, and fetched by many requests at once: one connection
 * alone would need many round trips before it is fast. The first part, which says what the others
 * are for, does not share the line with them. Not verified. For one reader; closing it ends the
 * requests.
 */
final class PartedBlob extends InputStream {
  static final int FIRST_BYTES = 512 << 10;
  static final int PART_BYTES = 1 << 20;
  static final int REQUESTS = 6;
  private static final Threads THREADS = new Threads("start-pack");

  /** Fetches some bytes of the blob. */
  @FunctionalInterface
  interface Ranges {
    Bytes fetch(long offset, int length) throws IOException, InterruptedException;
  }

  private final Ranges ranges;
  private final long size;
  private final int parts;
  private byte[] present = {};
  private int at;
  private int nextToRead;

  /** Guarded by this, as all below. */
  private final List<Thread> workers = new ArrayList<>();

  /** Arrived, not read yet. */
  private final Map<Integer, Bytes> arrived = new HashMap<>();

  private Optional<IOException> failure = Optional.empty();
  private int nextToFetch;
  private boolean beyondFirst;

  private PartedBlob(Ranges ranges, long size) {
    this.ranges = ranges;
    this.size = size;
    this.parts =
        Math.toIntExact(
            Math.min(1, size) + (Math.max(0, size - FIRST_BYTES) + PART_BYTES - 1) / PART_BYTES);
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

  /** The reader goes on behind the first part: the others are fetched. */
  private synchronized void goOn() {
    if (!beyondFirst) {
      beyondFirst = true;
      beginWith(Math.min(REQUESTS, parts - 1));
    }
  }

  private void work() {
    try {
      for (int part = next(); part < parts; part = next()) {
        long offset = offset(part);
        Bytes bytes = ranges.fetch(offset, (int) (Math.min(size, offset(part + 1)) - offset));
        arrived(part, bytes);
      }
    } catch (IOException e) {
      failed(e);
    } catch (InterruptedException e) {
      failed(new InterruptedIOException("closed")); // and the thread ends
    } catch (RuntimeException e) {
      failed(new IOException("cannot read a part: " + e.getMessage(), e));
    }
  }

  private static long offset(int part) {
    return part == 0 ? 0 : FIRST_BYTES + (part - 1L) * PART_BYTES;
  }

  private synchronized int next() {
    boolean enough = failure.isPresent() || nextToFetch > 0 && !beyondFirst;
    return enough ? parts : nextToFetch++;
  }

  private synchronized void arrived(int part, Bytes bytes) {
    arrived.put(part, bytes);
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
    if (at == present.length) {
      if (nextToRead == parts) {
        return -1;
      }
      if (nextToRead > 0) {
        goOn();
      }
      present = await(nextToRead++).unsafeArray();
      at = 0;
    }
    int count = Math.min(length, present.length - at);
    System.arraycopy(present, at, into, from, count);
    at += count;
    return count;
  }

  private synchronized Bytes await(int part) throws IOException {
    while (!arrived.containsKey(part)) {
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
    return Optional.ofNullable(arrived.remove(part)).orElseThrow();
  }

  @Override
  public synchronized void close() {
    failed(new IOException("closed"));
    workers.forEach(Thread::interrupt);
  }
}
