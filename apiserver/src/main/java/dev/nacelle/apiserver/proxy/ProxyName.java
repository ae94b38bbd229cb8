package dev.nacelle.apiserver.proxy;

import java.util.Optional;

/**
 * How a request names what it wants to reach: {@code NAME}, {@code NAME:PORT} or {@code
 * SCHEME:NAME:PORT}.
 *
 * @param scheme {@code http}, {@code https} or empty
 * @param port a number or the name of a port; may be empty
 */
record ProxyName(String scheme, String name, String port) {

  /** Empty if it is none of the forms. */
  static Optional<ProxyName> parse(String id) {
    String[] parts = id.split(":", -1);
    ProxyName parsed =
        switch (parts.length) {
          case 1 -> new ProxyName("", parts[0], "");
          case 2 -> new ProxyName("", parts[0], parts[1]);
          case 3 -> new ProxyName(parts[0], parts[1], parts[2]);
          default -> new ProxyName("", "", "");
        };
    boolean known =
        parsed.scheme.isEmpty() || parsed.scheme.equals("http") || parsed.scheme.equals("https");
    return known && !parsed.name.isEmpty() ? Optional.of(parsed) : Optional.empty();
  }

  String schemeOrPlain() {
    return scheme.isEmpty() ? "http" : scheme;
  }
}
