package dev.nacelle.base.http;

import java.net.URI;

/** Where a request goes. */
record Origin(boolean tls, String host, int port) {
  static boolean isTls(URI uri) {
    return "https".equalsIgnoreCase(uri.getScheme()) || "wss".equalsIgnoreCase(uri.getScheme());
  }

  /**
   * @throws IllegalArgumentException if the URI is not one of HTTP
   */
  static Origin of(URI uri) {
    boolean tls = isTls(uri);
    boolean plain =
        "http".equalsIgnoreCase(uri.getScheme()) || "ws".equalsIgnoreCase(uri.getScheme());
    if ((!tls && !plain) || uri.getHost() == null) {
      throw new IllegalArgumentException("not an http or https URL: " + uri);
    }
    String host = uri.getHost();
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    return new Origin(tls, host, uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80);
  }

  private String hostInUrl() {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  String hostAndPort() {
    return hostInUrl() + ":" + port;
  }

  /** As the {@code Host} header has it: without a default port. */
  String hostHeader() {
    return port == (tls ? 443 : 80) ? hostInUrl() : hostAndPort();
  }

  @Override
  public String toString() {
    return (tls ? "https://" : "http://") + hostHeader();
  }
}
