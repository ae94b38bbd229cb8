package dev.nacelle.kernel;

/** A system call failed. The message reads "cannot WHAT: NAME (errno N)". */
public final class ErrnoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  public ErrnoException(String what, int errno) {
    super("cannot " + what + ": " + Errno.name(errno) + " (errno " + errno + ")");
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }
}
