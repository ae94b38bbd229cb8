package dev.nacelle.apiserver.watch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The latest events of a resource, numbered without gaps; bounded in count and bytes. Guarded by
 * its owner's lock.
 */
final class EventRing {
  private static final int MAX_EVENTS = 16_384;
  private static final int MIN_EVENTS = 128;
  private static final long MAX_BYTES = 48L << 20;

  /** Grows by doubling up to {@link #MAX_EVENTS}; event n lies at n modulo its length. */
  private @Nullable CacheEvent[] slots = new CacheEvent[MIN_EVENTS];

  private long first;
  private long next;
  private long bytes;
  private long floor;

  /** Forgets everything; from now on it holds what happens after {@code revision}. */
  void restart(long revision) {
    slots = new CacheEvent[MIN_EVENTS];
    first = next;
    bytes = 0;
    floor = revision;
  }

  void add(CacheEvent event) {
    if (next - first == slots.length) {
      if (slots.length < MAX_EVENTS) {
        grow();
      } else {
        dropOldest();
      }
    }
    slots[slot(next)] = event;
    next++;
    bytes += event.sizeBytes();
    while (bytes > MAX_BYTES && next - first > MIN_EVENTS) {
      dropOldest();
    }
  }

  private void dropOldest() {
    CacheEvent oldest = at(first);
    slots[slot(first)] = null;
    first++;
    bytes -= oldest.sizeBytes();
    floor = oldest.revision();
  }

  private void grow() {
    var larger = new @Nullable CacheEvent[slots.length * 2];
    for (long n = first; n < next; n++) {
      larger[(int) (n % larger.length)] = slots[slot(n)];
    }
    slots = larger;
  }

  private int slot(long number) {
    return (int) (number % slots.length);
  }

  private CacheEvent at(long number) {
    CacheEvent event = slots[slot(number)];
    if (event == null) {
      throw new IllegalStateException("no event " + number);
    }
    return event;
  }

  /** Every event after this revision is here. */
  long floor() {
    return floor;
  }

  /** The number of the oldest event. */
  long first() {
    return first;
  }

  /** The number that the next event will have. */
  long next() {
    return next;
  }

  /** The number of the first event after a revision that is not below the floor. */
  long after(long revision) {
    long low = first;
    long high = next;
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (at(middle).revision() <= revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Events from a number on that is not below {@link #first}. */
  List<CacheEvent> from(long number, int atMost) {
    long end = Math.min(next, number + atMost);
    var result = new ArrayList<CacheEvent>((int) (end - number));
    for (long n = number; n < end; n++) {
      result.add(at(n));
    }
    return result;
  }
}
