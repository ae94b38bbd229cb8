package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * What of a lazy layer is in its file. A chunk becomes present only after its proved bytes are
 * there. Of the chunks that were present before the boot none is until it has been proved again.
 * Safe for any thread; a chunk is put in by one at a time.
 */
final class LazyContents {
  private static final int WRITE_BYTES = 64 << 10;

  private final StreamIndex index;
  private final BlobFile blob;
  private final PresentMap map;
  private final AtomicInteger present;
  private final AtomicInteger reproved = new AtomicInteger();

  /** Held shared while the blob is used, so that nobody is interrupted who uses it. */
  private final ReentrantReadWriteLock using = new ReentrantReadWriteLock();

  private boolean closed;

  /** Present before the boot, not proved again yet. Guarded by itself. */
  private final BitSet suspects;

  /**
   * Where something other than a hole may be: here zeros must be looked at too. Guarded by itself.
   */
  private final BitSet spoiled = new BitSet();

  /** What the map should say. Guarded by itself; who changes the map holds it. */
  private final BitSet here;

  private LazyContents(StreamIndex index, BlobFile blob, PresentMap map, BitSet suspects) {
    this.index = index;
    this.blob = blob;
    this.map = map;
    this.suspects = suspects;
    this.here = map.present();
    this.present = new AtomicInteger(here.cardinality());
    this.spoiled.set(0, suspects.isEmpty() ? 0 : index.chunks());
  }

  static LazyContents open(StreamIndex index, LazyLayerFiles files, BlobFile blob, String bootId)
      throws IOException {
    long size = Files.size(files.data());
    if (size != index.dataBytes()) {
      throw new IOException(
          "cannot open layer %s: its data has %d bytes, not %d; remove the layer"
              .formatted(index.diffId(), size, index.dataBytes()));
    }
    PresentMap map = PresentMap.open(files.map(), index.dataBytes());
    var suspects = new BitSet();
    if (!files.isOfBoot(bootId)) {
      suspects = map.present();
      map.clear();
      files.believeIn(bootId);
    }
    return new LazyContents(index, blob, map, suspects);
  }

  boolean has(int chunk) {
    return map.has(chunk);
  }

  boolean hasAll(ChunkRange range) {
    return map.hasAll(range);
  }

  boolean isWhole() {
    return present.get() == index.chunks();
  }

  BitSet present() {
    return map.present();
  }

  /** A chunk that is present. */
  byte[] read(int chunk) throws IOException {
    byte[] bytes = new byte[index.chunkBytes(chunk)];
    try {
      use(
          () -> {
            if (!has(chunk)) {
              throw new IOException("cannot read chunk " + chunk + ": it is not here");
            }
            blob.read((long) chunk * VerityTree.CHUNK_BYTES, ByteBuffer.wrap(bytes));
          });
    } catch (InterruptedException e) { // says only that it is closed
      throw new IOException("cannot read chunk " + chunk + ": the layer is closed", e);
    }
    return bytes;
  }

  int presentChunks() {
    return present.get();
  }

  int reprovedChunks() {
    return reproved.get();
  }

  /** What is to be proved again. */
  List<ChunkRange> suspects() {
    synchronized (suspects) {
      var result = new ArrayList<ChunkRange>();
      for (int n = suspects.nextSetBit(0); n >= 0; n = suspects.nextSetBit(n)) {
        int end = suspects.nextClearBit(n);
        result.add(ChunkRange.between(n, end));
        n = end;
      }
      return result;
    }
  }

  /** What putting in a chunk, or looking for it, has come to. */
  enum Outcome {
    ABSENT,
    PRESENT,
    /** It was the last one. */
    WHOLE
  }

  /**
   * Proves a chunk that was present before the boot.
   *
   * @param buffer has room for a chunk
   * @return {@link Outcome#ABSENT} if it was not, or is not what it should be
   */
  Outcome reprove(int chunk, byte[] buffer) throws IOException, InterruptedException {
    synchronized (suspects) {
      if (!suspects.get(chunk)) {
        return Outcome.ABSENT;
      }
    }
    var bytes = ByteBuffer.wrap(buffer, 0, index.chunkBytes(chunk));
    use(() -> blob.read((long) chunk * VerityTree.CHUNK_BYTES, bytes));
    boolean right = index.proves(chunk, buffer);
    synchronized (suspects) {
      suspects.clear(chunk);
    }
    if (right) {
      reproved.incrementAndGet();
      return arrived(chunk);
    }
    synchronized (spoiled) {
      spoiled.set(chunk);
    }
    return Outcome.ABSENT;
  }

  /** Puts in a proved chunk that is not present. Zeros are there already, as a hole. */
  Outcome put(int chunk, byte[] plain) throws IOException, InterruptedException {
    if (index.encoding(chunk) != StreamIndex.Encoding.ZEROS || isSpoiled(chunk)) {
      use(() -> write(chunk, plain));
    }
    return arrived(chunk);
  }

  /** In small parts: a channel copies an array into memory outside of the heap first. */
  private void write(int chunk, byte[] plain) throws IOException {
    long place = (long) chunk * VerityTree.CHUNK_BYTES;
    int size = index.chunkBytes(chunk);
    for (int at = 0; at < size; at += WRITE_BYTES) {
      blob.write(place + at, ByteBuffer.wrap(plain, at, Math.min(WRITE_BYTES, size - at)));
    }
  }

  /** Where zeros should be something else may be. */
  private boolean isSpoiled(int chunk) throws IOException, InterruptedException {
    synchronized (spoiled) {
      if (!spoiled.get(chunk)) {
        return false;
      }
    }
    byte[] bytes = new byte[index.chunkBytes(chunk)];
    use(() -> blob.read((long) chunk * VerityTree.CHUNK_BYTES, ByteBuffer.wrap(bytes)));
    return !index.proves(chunk, bytes);
  }

  private Outcome arrived(int chunk) {
    synchronized (here) {
      here.set(chunk);
      map.set(chunk);
      return present.incrementAndGet() == index.chunks() ? Outcome.WHOLE : Outcome.PRESENT;
    }
  }

  /** Whether the map says what was put in. */
  boolean hasItsMap() {
    synchronized (here) {
      return map.present().equals(here);
    }
  }

  /**
   * Proves all that is here once more; what is not what it should be is not here any more.
   *
   * @return the chunks that were wrong
   */
  List<Integer> proveAgain() throws IOException {
    synchronized (spoiled) {
      spoiled.set(0, index.chunks());
    }
    var wrong = new ArrayList<Integer>();
    for (int n = 0; n < index.chunks(); n++) {
      if (!isAsMapped(n) || (map.has(n) && !index.proves(n, read(n)))) {
        forget(n);
        wrong.add(n);
      }
    }
    return wrong;
  }

  private boolean isAsMapped(int chunk) {
    synchronized (here) {
      return here.get(chunk) == map.has(chunk);
    }
  }

  private void forget(int chunk) throws IOException {
    synchronized (here) {
      if (isWhole()) {
        throw new IOException(
            "chunk " + chunk + " is wrong in a layer that has just become whole; try again");
      }
      map.clear(chunk);
      if (here.get(chunk)) {
        here.clear(chunk);
        present.decrementAndGet();
      }
    }
  }

  @FunctionalInterface
  private interface FileUse {
    void run() throws IOException;
  }

  private void use(FileUse use) throws IOException, InterruptedException {
    using.readLock().lock();
    try {
      if (closed) {
        throw new InterruptedException("closed");
      }
      use.run();
    } finally {
      using.readLock().unlock();
    }
  }

  /**
   * Waits for those who use the file; after it nobody does. An interrupt in the middle of a read or
   * write would close the channel, which is not ours: interrupt only after this.
   */
  void close() {
    using.writeLock().lock();
    try {
      closed = true;
    } finally {
      using.writeLock().unlock();
    }
  }
}
