package dev.nacelle.runtime;

/**
 * One line of {@code doctor}: a feature, how well it is there, and what is used or lost.
 *
 * @param name a short name, for example {@code "cgroups"}
 * @param detail one line for a person
 */
public record RuntimeCapability(String name, Level level, String detail) {
  /** How well the host serves. */
  public enum Level {
    /** The best path. */
    BEST,
    /** A fallback works; the detail says what is lost. */
    FALLBACK,
    /** Containers cannot run. */
    MISSING
  }
}
