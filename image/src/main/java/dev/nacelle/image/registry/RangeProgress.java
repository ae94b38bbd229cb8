package dev.nacelle.image.registry;

/** Told how many bytes of a range have arrived, from its beginning; on the thread that reads. */
@FunctionalInterface
public interface RangeProgress {
  RangeProgress UNHEEDED = bytes -> {};

  /**
   * @param bytes in place from the beginning on; less than before where another place is asked
   */
  void arrived(int bytes);
}
