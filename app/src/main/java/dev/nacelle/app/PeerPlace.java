package dev.nacelle.app;

import dev.nacelle.api.object.KubeObject;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Where the hosts of a cluster tell one another that they serve as peers. Pure. */
final class PeerPlace {
  /** On the Node: the URL under which its host gives away layers. */
  static final String ANNOTATION = "containers.nacelle.dev/peer";

  private PeerPlace() {}

  /** The hosts that are there now, but for this one. */
  static List<URI> others(Collection<KubeObject> nodes, String self) {
    return nodes.stream()
        .filter(node -> !node.name().equals(self))
        .flatMap(node -> of(node).stream())
        .sorted()
        .toList();
  }

  /** Where a host serves; empty while it is not ready. */
  static Optional<URI> of(KubeObject node) {
    return isReady(node) ? node.annotation(ANNOTATION).flatMap(PeerPlace::url) : Optional.empty();
  }

  private static boolean isReady(KubeObject node) {
    return node.status()
        .array("conditions")
        .objects()
        .filter(c -> c.string("type").filter("Ready"::equals).isPresent())
        .anyMatch(c -> c.string("status").filter("True"::equals).isPresent());
  }

  private static Optional<URI> url(String text) {
    try {
      URI url = URI.create(text);
      boolean whole = "https".equals(url.getScheme()) && url.getHost() != null;
      return whole ? Optional.of(url) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
