package dev.nacelle.image.stream;

import java.io.IOException;
import java.util.OptionalLong;

/**
 * How much of a layer's data is in its file for good, while that is written front to back. One
 * thread tells, any may wait.
 */
public final class DataArrival {
  /** Guarded by this, as all below. */
  private long bytes;

  private boolean ended;
  private boolean broken;

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

  /** No more will come; who waits gets an error. After {@link #ended} this means nothing. */
  public synchronized void breakOff() {
    broken = !ended;
    notifyAll();
  }

  /**
   * Waits for so many bytes, or for the end.
   *
   * @return how many there are: fewer only at the end
   * @throws IOException if no more will come
   */
  synchronized long await(long wantedBytes) throws IOException, InterruptedException {
    while (bytes < wantedBytes && !ended) {
      if (broken) {
        throw new IOException("cannot convert layer: it breaks off");
      }
      wait();
    }
    return bytes;
  }

  /** The size of the data, once it is known. */
  public synchronized OptionalLong end() {
    return ended ? OptionalLong.of(bytes) : OptionalLong.empty();
  }

  /** Waits for the end; the size of the data. */
  long awaitEnd() throws IOException, InterruptedException {
    return await(Long.MAX_VALUE);
  }
}
