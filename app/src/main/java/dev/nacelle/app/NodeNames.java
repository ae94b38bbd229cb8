package dev.nacelle.app;

import dev.nacelle.kernel.HostName;
import java.util.Locale;
import java.util.Optional;

/**
 * Chooses the name of this host's Node: what {@code --name} says, else the host name, as the
 * kubelet does.
 */
final class NodeNames {
  private NodeNames() {}

  static String of(Optional<String> name) throws StartException {
    String chosen = name.orElseGet(NodeNames::hostName).toLowerCase(Locale.ROOT);
    if (!chosen.matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?") || chosen.length() > 63) {
      throw new StartException(
          "cannot use \"" + chosen + "\" as a node name: want a DNS name; say one with --name");
    }
    return chosen;
  }

  private static String hostName() {
    return HostName.ofKernel().orElse("localhost");
  }
}
