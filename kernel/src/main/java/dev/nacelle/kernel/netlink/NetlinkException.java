package dev.nacelle.kernel.netlink;

import dev.nacelle.kernel.ErrnoException;

/** The kernel refused a request; the message has its own words where it gave some. */
public final class NetlinkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  NetlinkException(String what, int errno, String kernelWords) {
    super(
        new ErrnoException(what, errno).getMessage()
            + (kernelWords.isEmpty() ? "" : ": " + kernelWords));
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }
}
