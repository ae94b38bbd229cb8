package dev.nacelle.base.http;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

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

  /** Reads the usual variables, in upper or lower case. */
  public static ProxySettings fromEnvironment(Map<String, String> environment) {
    throw new UnsupportedOperationException("seam");
  }

  /** The proxy for a request; loopback never takes one. */
  public Optional<URI> proxyFor(URI target) {
    throw new UnsupportedOperationException("seam" + target.toString().toLowerCase(Locale.ROOT));
  }
}
