package dev.nacelle.kernel.bpf;

import dev.nacelle.kernel.ErrnoException;

/** The kernel refused a bpf command; for a program, with the last lines of the verifier's log. */
public final class BpfException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  BpfException(String what, int errno, String log) {
    super(new ErrnoException(what, errno).getMessage() + (log.isEmpty() ? "" : ": " + log));
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }
}
