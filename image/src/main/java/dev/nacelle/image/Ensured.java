package dev.nacelle.image;

import java.time.Duration;

/** How an image came to be present. */
public sealed interface Ensured {
  ResolvedImage image();

  /** It was here; no byte was fetched (a policy of Always may have asked for the digest). */
  record AlreadyPresent(ResolvedImage image) implements Ensured {}

  /**
   * It was pulled.
   *
   * @param took the time of the pull itself
   * @param includingWaiting the same and the time waited for a free pull slot
   * @param fetchedBytes bytes that came over the network; layers that were here count nothing
   * @param arrival in which form it came
   */
  record Pulled(
      ResolvedImage image,
      Duration took,
      Duration includingWaiting,
      long fetchedBytes,
      Arrival arrival)
      implements Ensured {}
}
