package dev.nacelle.kernel.process;

import java.time.Duration;

/** A keeper or monitor refused a request, or is not there to answer it. */
public final class CompanionException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int ENOTCONN = 107;
  private static final int ETIMEDOUT = 110;

  private final int errno;

  private CompanionException(String message, int errno) {
    super(message);
    this.errno = errno;
  }

  static CompanionException refused(String message, int errno) {
    return new CompanionException(message, errno);
  }

  /** The connection has ended. */
  public static CompanionException ended(String what) {
    return gone(what);
  }

  static CompanionException gone(String what) {
    return new CompanionException("cannot " + what + ": the connection has ended", ENOTCONN);
  }

  static CompanionException late(String what, Duration timeout) {
    return new CompanionException(
        "cannot " + what + ": no answer within " + timeout.toMillis() + " ms", ETIMEDOUT);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  /** What the companion said, or ENOTCONN, or ETIMEDOUT. */
  public int errno() {
    return errno;
  }

  /** True if it did not answer: it may have died, and the request may have been carried out. */
  public boolean isGone() {
    return errno == ENOTCONN || errno == ETIMEDOUT;
  }
}
