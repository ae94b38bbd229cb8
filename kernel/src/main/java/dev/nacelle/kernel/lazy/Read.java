package dev.nacelle.kernel.lazy;

import java.util.OptionalInt;

/**
 * A read that waits for a fill, as the keeper delivered it.
 *
 * @param number of the event's descriptor in that keeper, which identifies the answer
 * @param errno of the finished fill, 0 if it succeeded; empty while it is under way
 */
record Read(long sequence, LazyFile file, int number, long offset, long count, OptionalInt errno) {

  Read finished(int result) {
    return new Read(sequence, file, number, offset, count, OptionalInt.of(result));
  }
}
