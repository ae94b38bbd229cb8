package dev.nacelle.base.http;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;

/** No connection to a server came about: nothing was sent. The cause says why. */
public final class UnreachableException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String address;

  UnreachableException(Origin origin, String why, IOException cause) {
    super("cannot reach " + origin + ": " + why, cause);
    this.address = origin.hostAndPort();
  }

  /** {@code host:port}. */
  public String address() {
    return address;
  }

  /** As clients in Go put it: {@code dial tcp HOST:PORT: connect: connection refused}. */
  public String dialError() {
    String why =
        switch (getCause()) {
          case SocketTimeoutException e -> "i/o timeout";
          case UnknownHostException e -> "lookup: no such host";
          case SocketException e ->
              "connect: " + String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
          case null, default -> getMessage();
        };
    return "dial tcp " + address + ": " + why;
  }
}
