package dev.nacelle.network;

/**
 * One line for {@code doctor}.
 *
 * @param feature what is wanted, for example "service load balancing at the socket"
 * @param state whether the best path is used
 * @param detail the path in use, or why it is missing, and what that loses
 */
public record DatapathCapability(String feature, State state, String detail) {

  /** How well a feature is served. */
  public enum State {
    BEST,
    FALLBACK,
    MISSING
  }
}
