package dev.nacelle.base.http;

import java.io.IOException;

/** An upgrade did not come about; on a server the request has been answered already. */
public final class UpgradeRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  public UpgradeRefusedException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The status of the refusing answer. */
  public int status() {
    return status;
  }
}
