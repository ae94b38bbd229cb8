package dev.nacelle.apiserver.proxy;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns links to the server behind a proxy into links through the proxy. A link to another host, or
 * one that is relative to its page, stays as it is.
 *
 * @param prefix the path of the proxy subresource, without a slash at its end
 * @param backend host and port of the server behind
 * @param asked the {@code Host} that the client named
 */
record Links(String prefix, String backend, String asked) {
  private static final Pattern URL =
      Pattern.compile(
          "(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(.*)", Pattern.DOTALL);

  String rewrite(String link) {
    Matcher url = URL.matcher(link);
    if (!url.matches()) {
      return link;
    }
    String scheme = Optional.ofNullable(url.group(1)).orElse("");
    String host = Optional.ofNullable(url.group(2)).orElse("");
    String path = url.group(3);
    boolean web = scheme.isEmpty() || scheme.matches("(?i)https?");
    boolean ours = host.isEmpty() || host.equals(backend) || host.equals(asked);
    if (!web || !ours || !path.startsWith("/")) {
      return link;
    }
    String rest = (path.startsWith(prefix) ? path : prefix + path) + url.group(4);
    boolean keepsHost = !host.isEmpty() && host.equals(asked);
    return keepsHost ? (scheme.isEmpty() ? "" : scheme + ":") + "//" + host + rest : rest;
  }
}
