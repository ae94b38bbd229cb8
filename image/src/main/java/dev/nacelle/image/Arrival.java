package dev.nacelle.image;

/** In which form a pulled image came. */
public sealed interface Arrival {

  /** Its layers were here. */
  record Here() implements Arrival {}

  /** Its layers are read before they are here; each chunk comes when it is needed. */
  record Streamed() implements Arrival {}

  /**
   * Its layers were fetched whole.
   *
   * @param why not otherwise, for people
   */
  record Whole(String why) implements Arrival {}
}
