package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The chunks behind the head of a start pack, as they arrive; each is given away once. Not proved:
 * who takes them does that. Safe for any thread.
 */
final class PackedChunks {
  private static final Threads THREADS = new Threads("start-pack");

  private static final long MOST_HELD_BYTES = 2 << 20;

  private final StartPack pack;
  private final List<PrefetchPlan.Step> order;
  private final PartedBlob in;

  /** Guarded by this, as all below. In the pack, and not given away. */
  private final Set<Long> expected = new HashSet<>();

  private final Map<Long, ByteBuffer> arrived = new HashMap<>();
  private Optional<Thread> reader = Optional.empty();
  private boolean over;

  /** Arrived, and not given away. */
  private long heldBytes;

  /** Who waits for what has not arrived. */
  private int waiting;

  /**
   * @param in what follows the head; closed by {@link #drop}, or when all has been read
   */
  PackedChunks(StartPack pack, PartedBlob in) {
    this.pack = pack;
    this.in = in;
    this.order = pack.steps().stream().flatMap(PackedChunks::oneByOne).toList();
    order.forEach(one -> expected.add(key(one.layer(), one.range().first())));
  }

  private static Stream<PrefetchPlan.Step> oneByOne(PrefetchPlan.Step step) {
    return IntStream.range(step.range().first(), step.range().end())
        .mapToObj(n -> new PrefetchPlan.Step(step.layer(), new ChunkRange(n, 1)));
  }

  private static long key(int layer, int chunk) {
    return (long) layer << 32 | chunk;
  }

  /** Reads all chunks; what has not come when the stream ends does not come. */
  void readAll() throws IOException {
    try (in) {
      for (PrefetchPlan.Step one : order) {
        int n = one.range().first();
        int storedBytes = pack.layers().get(one.layer()).index().storedBytes(n);
        if (in.left() < storedBytes) {
          return;
        }
        awaitNeed();
        arrived(key(one.layer(), n), in.take(storedBytes));
      }
    } finally {
      end();
    }
  }

  /**
   * Lets the chunks come, on a thread of their own; idempotent. Not before somebody wants one: what
   * mounts the image goes first.
   */
  private synchronized void begin() {
    if (reader.isEmpty() && !over) {
      reader = Optional.of(THREADS.startVirtual("read", this::read));
    }
  }

  private void read() {
    try {
      readAll();
    } catch (IOException e) {
      end(); // what has not come is asked for by ranges
    }
  }

  /** What is far ahead of those who take it neither fills memory nor keeps the registry busy. */
  private synchronized void awaitNeed() throws IOException {
    try {
      while (heldBytes > MOST_HELD_BYTES && waiting == 0 && !over) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("nobody wants the pack any more");
    }
  }

  private synchronized void arrived(long key, ByteBuffer stored) {
    if (expected.contains(key)) {
      arrived.put(key, stored);
      heldBytes += stored.remaining();
      notifyAll();
    }
  }

  /** The chunks in the order in which they come, one a step. */
  List<PrefetchPlan.Step> order() {
    return order;
  }

  /** Whose chunks these are, by the numbers that the steps have. */
  List<AccessTrace.Layer> layers() {
    return pack.layers().stream().map(layer -> AccessTrace.Layer.of(layer.index())).toList();
  }

  /** Whether a chunk is here, or may still come. */
  synchronized boolean mayCome(int layer, int chunk) {
    long key = key(layer, chunk);
    return expected.contains(key) && (!over || arrived.containsKey(key));
  }

  /** Nothing more comes. */
  synchronized void end() {
    over = true;
    notifyAll();
  }

  /** Nothing more is wanted. */
  void drop() {
    synchronized (this) {
      expected.clear();
      arrived.clear();
      heldBytes = 0;
      end();
      reader.ifPresent(Thread::interrupt);
    }
    in.close();
  }

  /** Waits for chunks and takes them; empty if not all of them come, or not any more. */
  synchronized Optional<List<ByteBuffer>> take(int layer, ChunkRange range)
      throws InterruptedException {
    StreamIndex index = pack.layers().get(layer).index();
    while (true) {
      int missing = 0;
      for (int n = range.first(); n < range.end(); n++) {
        if (index.storedBytes(n) == 0) {
          continue;
        }
        if (!expected.contains(key(layer, n))) {
          return Optional.empty();
        }
        missing += arrived.containsKey(key(layer, n)) ? 0 : 1;
      }
      if (missing == 0) {
        return Optional.of(takeArrived(layer, range));
      }
      begin();
      if (over) {
        return Optional.empty();
      }
      awaitMore();
    }
  }

  private void awaitMore() throws InterruptedException {
    waiting++;
    notifyAll();
    try {
      wait();
    } finally {
      waiting--;
    }
  }

  private List<ByteBuffer> takeArrived(int layer, ChunkRange range) {
    var result = new ArrayList<ByteBuffer>();
    for (int n = range.first(); n < range.end(); n++) {
      expected.remove(key(layer, n));
      ByteBuffer stored = arrived.remove(key(layer, n));
      heldBytes -= stored == null ? 0 : stored.remaining();
      result.add(stored == null ? ByteBuffer.allocate(0) : stored);
    }
    notifyAll();
    return result;
  }
}
