package dev.nacelle.runtime;

/** What a process has beside plain output streams. */
public enum Stdio {
  /** A terminal: one stream for output and errors. */
  TTY,
  /** Standard input stays open; else it is /dev/null. */
  STDIN,
  /** Standard input gets end of file when the first attached session ends. */
  STDIN_ONCE
}
