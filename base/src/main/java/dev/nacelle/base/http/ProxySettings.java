package dev.nacelle.base.http;

import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which proxy a request takes, by the rules of HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
 *
 * @param noProxy hosts, domains (with or without a leading dot), {@code host:port}, addresses,
 *     CIDRs, or {@code *}
 */
public record ProxySettings(Optional<URI> http, Optional<URI> https, List<String> noProxy) {
  public static final ProxySettings NONE =
      new ProxySettings(Optional.empty(), Optional.empty(), List.of());

  public ProxySettings {
    noProxy = List.copyOf(noProxy);
  }

  /**
   * Reads the usual variables, in upper or lower case.
   *
   * @throws IllegalArgumentException if a proxy is no {@code http} URL
   */
  public static ProxySettings fromEnvironment(Map<String, String> environment) {
    return new ProxySettings(
        variable(environment, "HTTP_PROXY").map(ProxySettings::proxy),
        variable(environment, "HTTPS_PROXY").map(ProxySettings::proxy),
        variable(environment, "NO_PROXY").stream()
            .flatMap(value -> Stream.of(value.split(",", -1)))
            .map(String::strip)
            .filter(entry -> !entry.isEmpty())
            .toList());
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Stream.of(name, name.toLowerCase(Locale.ROOT))
        .map(key -> environment.getOrDefault(key, "").strip())
        .filter(value -> !value.isEmpty())
        .findFirst();
  }

  private static URI proxy(String value) {
    URI uri = URI.create(value.contains("://") ? value : "http://" + value);
    if (!"http".equalsIgnoreCase(uri.getScheme()) || uri.getHost() == null) {
      throw new IllegalArgumentException("cannot use the proxy " + value + ": not an http URL");
    }
    return uri;
  }

  /** The proxy for a request; loopback never takes one. */
  public Optional<URI> proxyFor(URI target) {
    Optional<URI> proxy = Origin.isTls(target) ? https : http;
    if (proxy.isEmpty()) {
      return proxy;
    }
    Origin origin = Origin.of(target);
    return isExcepted(origin.host().toLowerCase(Locale.ROOT), origin.port())
        ? Optional.empty()
        : proxy;
  }

  private boolean isExcepted(String host, int port) {
    Optional<InetAddress> address = literal(host);
    if (host.equals("localhost") || address.map(InetAddress::isLoopbackAddress).orElse(false)) {
      return true;
    }
    return noProxy.stream().anyMatch(entry -> matches(entry, host, port, address));
  }

  private static boolean matches(
      String entry, String host, int port, Optional<InetAddress> address) {
    String rule = entry.toLowerCase(Locale.ROOT);
    if (rule.equals("*")) {
      return true;
    }
    if (rule.contains("/")) {
      return address.map(a -> inRange(rule, a)).orElse(false);
    }
    int colon = rule.lastIndexOf(':');
    if (colon > 0 && rule.indexOf(':') == colon) {
      if (!rule.substring(colon + 1).equals(Integer.toString(port))) {
        return false;
      }
      return matches(rule.substring(0, colon), host, port, address);
    }
    String domain = rule.startsWith("*.") ? rule.substring(1) : rule;
    return domain.startsWith(".")
        ? host.endsWith(domain)
        : host.equals(domain) || host.endsWith("." + domain);
  }

  private static boolean inRange(String cidr, InetAddress address) {
    int slash = cidr.indexOf('/');
    Optional<InetAddress> network = literal(cidr.substring(0, slash));
    byte[] bits = address.getAddress();
    if (network.isEmpty() || network.get().getAddress().length != bits.length) {
      return false;
    }
    int prefix;
    try {
      prefix = Integer.parseInt(cidr.substring(slash + 1));
    } catch (NumberFormatException e) {
      return false;
    }
    byte[] start = network.get().getAddress();
    for (int i = 0; i < prefix && i < bits.length * 8; i++) {
      int mask = 0x80 >> (i & 7);
      if ((bits[i >> 3] & mask) != (start[i >> 3] & mask)) {
        return false;
      }
    }
    return true;
  }

  private static Optional<InetAddress> literal(String host) {
    try {
      return Optional.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
