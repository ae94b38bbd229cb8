package dev.nacelle.apiserver.pipeline;

import java.util.random.RandomGenerator;

/**
 * Makes names out of {@code generateName}, as {@code k8s.io/apiserver names.SimpleNameGenerator}.
 */
final class NameGenerator {
  private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
  private static final int MAX_LENGTH = 63;
  private static final int RANDOM_LENGTH = 5;

  private final RandomGenerator random;

  NameGenerator(RandomGenerator random) {
    this.random = random;
  }

  String next(String base) {
    int kept = Math.min(base.length(), MAX_LENGTH - RANDOM_LENGTH);
    var name = new StringBuilder(base.substring(0, kept));
    // one draw for all letters: a secure source is dear, and 27^5 is far below 2^63
    long draw = random.nextLong() >>> 1;
    for (int i = 0; i < RANDOM_LENGTH; i++) {
      name.append(ALPHABET.charAt((int) (draw % ALPHABET.length())));
      draw /= ALPHABET.length();
    }
    return name.toString();
  }
}
