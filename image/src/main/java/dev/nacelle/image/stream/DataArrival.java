package dev.nacelle.image.stream;

import java.util.OptionalLong;

/**
 * How much of a layer's data is in its file for good, while that is written front to back. One
 * thread tells, any may wait.
 */
public final class DataArrival {
  /** Guarded by this, as all below. */
  private long bytes;

  private boolean ended;

  /** Of a file that is here already. */
  static DataArrival whole(long sizeBytes) {
    var arrival = new DataArrival();
    arrival.reached(sizeBytes);
    arrival.ended();
    return arrival;
  }

  /** So many bytes, from the beginning on, stay as they are. */
  public synchronized void reached(long writtenBytes) {
    bytes = writtenBytes;
    notifyAll();
  }

  /** There are no more. */
  public synchronized void ended() {
    ended = true;
    notifyAll();
  }

  /**
   * Waits for so many bytes, or for the end.
   *
   * @return how many there are: fewer only at the end
   */
  synchronized long await(long wantedBytes) throws InterruptedException {
    while (bytes < wantedBytes && !ended) {
      wait();
    }
    return bytes;
  }

  /** The size of the data, once it is known. */
  public synchronized OptionalLong end() {
    return ended ? OptionalLong.of(bytes) : OptionalLong.empty();
  }

  /** Waits for the end; the size of the data. */
  long awaitEnd() throws InterruptedException {
    return await(Long.MAX_VALUE);
  }
}
