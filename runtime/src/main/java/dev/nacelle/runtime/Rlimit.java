package dev.nacelle.runtime;

/**
 * A resource limit of the process, for example {@code RLIMIT_NOFILE}. A value above the host's own
 * hard limit is lowered to it: the platform may lack the right to raise limits.
 */
public record Rlimit(String type, long soft, long hard) {
  public Rlimit {
    if (!type.matches("RLIMIT_[A-Z]{2,12}") || soft < 0 || hard < soft) {
      throw new IllegalArgumentException("cannot use the limit " + type + " " + soft + ":" + hard);
    }
  }
}
