package dev.nacelle.image.layer;

import java.io.IOException;

/** Asked before bytes of a layer are written. */
@FunctionalInterface
public interface SpaceClaim {
  /** There is room for everything. */
  SpaceClaim NONE = bytes -> {};

  /**
   * Takes room for so many bytes.
   *
   * @throws IOException if there is not so much; an unchecked one ends the work as well
   */
  void take(long bytes) throws IOException;
}
