package dev.nacelle.apiserver.pipeline;

import java.util.UUID;
import java.util.random.RandomGenerator;

/** Random UUIDs (version 4) from an injected source. */
final class Uids {
  private Uids() {}

  static String next(RandomGenerator random) {
    long high = random.nextLong() & 0xFFFF_FFFF_FFFF_0FFFL | 0x4000L;
    long low = random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }
}
