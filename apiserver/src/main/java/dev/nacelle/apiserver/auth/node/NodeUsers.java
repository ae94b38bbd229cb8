package dev.nacelle.apiserver.auth.node;

import dev.nacelle.api.client.Identity;
import java.util.Optional;

/** Nodes as users: {@code system:node:NAME} in group {@code system:nodes}. */
final class NodeUsers {
  static final String GROUP = "system:nodes";
  private static final String PREFIX = "system:node:";

  private NodeUsers() {}

  static boolean isNode(Identity identity) {
    return identity.isIn(GROUP) && identity.user().startsWith(PREFIX);
  }

  /** The node that speaks; empty for others, and for a node without a name. */
  static Optional<String> nodeName(Identity identity) {
    return isNode(identity) && identity.user().length() > PREFIX.length()
        ? Optional.of(identity.user().substring(PREFIX.length()))
        : Optional.empty();
  }
}
