package dev.nacelle.apiserver.proxy;

/** Where a request goes. */
public sealed interface ProxyTarget {
  /** The endpoint of a node, which the way to the nodes knows. */
  record Node(String name) implements ProxyTarget {}

  /**
   * Something that listens somewhere.
   *
   * @param origin {@code http://10.0.0.1:8080}, without a path
   */
  record Address(String origin) implements ProxyTarget {}
}
